//! A JWK set that somebody else keeps: in a file, or at an address.
//!
//! A file is read at the start and again within five seconds of a change. An address is asked at the start, every five
//! minutes, and when a token names a key that the set does not have: then at most once in so many seconds, one request
//! for however many tokens. Whatever cannot be had or used changes nothing: the keys that were good stay.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::keys::{self, KeysError, PublicKey};
use crate::outward;

/// How often a file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a key that was taken out of the set at an address goes on being good, at most.
const ASK_EVERY: Duration = Duration::from_secs(300);
/// How long an address may take. Whoever waits for it gives up sooner.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Sets have some kilobytes.
const LARGEST: usize = 256 * 1024;

/// Why a set is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// The file is missing, or not ours to read.
    #[error("it cannot be read")]
    File(#[from] std::io::Error),
    /// The address did not answer.
    #[error("its address does not answer")]
    Address(#[from] reqwest::Error),
    /// The address answered something else.
    #[error("its address answered HTTP {0}")]
    Status(u16),
    /// Longer than sets are.
    #[error("it has more than 256 KiB")]
    Long,
    /// No set.
    #[error("it cannot be used")]
    Keys(#[from] KeysError),
}

enum Source {
    File(PathBuf),
    Address { url: String, client: reqwest::Client },
}

/// A set, looked after. Clones share it.
#[derive(Clone)]
pub(crate) struct Jwks(Arc<Inner>);

struct Inner {
    source: Source,
    keys: RwLock<Arc<Vec<PublicKey>>>,
    /// One question at a time.
    turn: tokio::sync::Mutex<()>,
    asked: Mutex<Asked>,
    again_after: Duration,
}

/// When the address was last asked, and what came of it.
#[derive(Clone, Copy, Default)]
struct Asked {
    last: Option<Instant>,
    failed: bool,
    /// Whether it is being asked.
    now: bool,
}

/// Whether to ask for a key that the set does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// There is no such key.
    Surely,
    /// It may be there by now.
    Perhaps,
    /// The address does not answer, and was asked just now.
    Unknowable,
}

impl Jwks {
    /// A set in a file, which must be there.
    pub(crate) fn in_file(path: PathBuf) -> Result<Self, JwksError> {
        let keys = keys::of_set(&std::fs::read(&path)?)?;
        Ok(Self::new(Source::File(path), keys, Duration::ZERO))
    }

    /// A set at an address, which is not asked yet.
    pub(crate) fn at(url: String, again_after: Duration) -> Result<Self, JwksError> {
        let client = outward::client(ANSWER_WITHIN).build()?;
        Ok(Self::new(Source::Address { url, client }, Vec::new(), again_after))
    }

    fn new(source: Source, keys: Vec<PublicKey>, again_after: Duration) -> Self {
        Self(Arc::new(Inner {
            source,
            keys: RwLock::new(Arc::new(keys)),
            turn: tokio::sync::Mutex::new(()),
            asked: Mutex::default(),
            again_after,
        }))
    }

    /// The keys as they are known now.
    pub(super) fn keys(&self) -> Arc<Vec<PublicKey>> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it means that a key is not among them.
    pub(super) fn missing(&self) -> Missing {
        match self.0.source {
            Source::File(_) => Missing::Surely,
            Source::Address { .. } => self.0.asked().missing(Instant::now(), self.0.again_after),
        }
    }

    /// Asks again, unless that was done just now or is being done by somebody else; says whether the set is as its
    /// keeper has it. It goes on although the caller may give up.
    pub(super) async fn ask_again(&self) -> bool {
        let inner = self.0.clone();
        let asking = tokio::spawn(async move {
            let _turn = inner.turn.lock().await;
            if inner.asked().missing(Instant::now(), inner.again_after) == Missing::Perhaps {
                inner.ask().await;
            }
            !inner.asked().failed
        });
        asking.await.unwrap_or(false)
    }

    /// Keeps the set as it is at its source, for as long as the server runs.
    pub(crate) async fn keep_fresh(&self) {
        match &self.0.source {
            Source::File(path) => self.look_after(path).await,
            Source::Address { .. } => self.ask_regularly().await,
        }
    }

    async fn ask_regularly(&self) {
        let pause = self.0.again_after.clamp(Duration::from_secs(1), ASK_EVERY);
        let mut ticks = interval_at(Instant::now(), pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let asked = self.0.asked();
            if asked.failed || asked.last.is_none_or(|last| last.elapsed() >= ASK_EVERY) {
                self.ask_again().await;
            }
        }
    }

    async fn look_after(&self, path: &Path) {
        let mut seen = None;
        let mut ticks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let path = path.to_owned();
            let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
            let Ok(read) = read else { continue };
            let found = read.map_err(|error| error.kind());
            // The same contents are the same keys, and the same trouble is not told again.
            if seen.as_ref() == Some(&found) {
                continue;
            }
            match &found {
                Ok(bytes) => self.0.take(keys::of_set(bytes).map_err(JwksError::from)),
                Err(kind) => self.0.take(Err(JwksError::File((*kind).into()))),
            }
            seen = Some(found);
        }
    }
}

impl Asked {
    fn missing(self, now: Instant, again_after: Duration) -> Missing {
        let recently = self.last.is_some_and(|last| now.saturating_duration_since(last) < again_after);
        match (recently && !self.now, self.failed) {
            (true, false) => Missing::Surely,
            (true, true) => Missing::Unknowable,
            (false, _) => Missing::Perhaps,
        }
    }
}

impl Inner {
    fn asked(&self) -> Asked {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the address. One at a time: the caller has the turn.
    async fn ask(&self) {
        let Source::Address { url, client } = &self.source else { return };
        self.set(|asked| *asked = Asked { last: Some(Instant::now()), now: true, ..*asked });
        let came = fetch(client, url).await;
        let failed = came.is_err();
        self.take(came);
        self.set(|asked| *asked = Asked { failed, now: false, ..*asked });
    }

    fn set(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Takes in what came; what cannot be used is said once, and changes nothing.
    fn take(&self, came: Result<Vec<PublicKey>, JwksError>) {
        match came {
            Ok(keys) => {
                let count = keys.len();
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                tracing::debug!(keys = count, "the JWK set was read (jwt.jwks)");
            }
            Err(error) if !self.asked().failed => {
                let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).len();
                let error = kefu_domain::Chain(&error);
                tracing::warn!(%error, known, "the JWK set cannot be had (jwt.jwks); the keys that are known stay");
            }
            Err(_) => {}
        }
    }
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Vec<PublicKey>, JwksError> {
    // Its words name the address, which an operator may have put a password into.
    let mut answer = client.get(url).send().await.map_err(reqwest::Error::without_url)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(JwksError::Status(answer.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(JwksError::Long);
        }
    }
    Ok(keys::of_set(&bytes)?)
}

#[cfg(test)]
mod tests;
