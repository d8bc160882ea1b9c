//! Tokens that a yudao mall gave out: opaque, and known to nobody but the mall.
//!
//! The mall is asked by its Redis, its tables and its pages, in the order of the settings; the first that knows a token
//! answers, and what it does not know of its owner the others add. Access and refresh tokens are good alike. Whoever
//! was let in is remembered for half a minute, whoever was not for seconds; any number of requests that wait for one
//! token are one question. While the mall does not answer, those whom it has let in go on for a settable grace, not
//! beyond the end of their tokens, and everybody else hears 503: never that they are nobody, and never that they are
//! somebody else. Which shops an admin serves is no affair of the mall's, and remembered with none of this: our own
//! books say it, for three seconds at most, in the grace as well.
//!
//! Questions are put on a runtime of its own, so that a connection outlives the thread that needed it first, and go on
//! when nobody waits any more: the next to ask finds the answer.

mod asker;
mod directory;
mod http;
mod loose;
mod opening;
mod quarters;
mod redis;
mod source;
mod tables;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join};
use kefu_domain::StoreError;
use kefu_storage::Database;
use kefu_web::ApiError;
use moka::future::Cache as Flights;
use moka::sync::Cache;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use self::asker::Asker;
use self::opening::askers;
use self::quarters::Quarters;
use self::source::{Asked, Bearer, Sighting, Silent};
use super::{Answer, Identity, Keeper, Question, Remembering, Rota, Token, Verdict, WhoAreYou, profile_of, rota};
use crate::clock;
use crate::config::{MallSettings, MallSource, Settings};
use crate::questions::ask;

pub use self::directory::Members;
pub use self::opening::MallError;

/// Questions under way at once; each may be a few to each source.
const ROOM: usize = 32;
/// How long a question waits for its turn.
const TURN_WITHIN: Duration = Duration::from_millis(1_500);
/// How long the desk's own database may take for what it says, or is told, of somebody.
const BOOKS_WITHIN: Duration = Duration::from_millis(1_500);
const REMEMBERED: u64 = 100_000;

/// The adapter for the mall's tokens; clones share what they remember.
#[derive(Clone)]
pub struct MallTokens(Arc<Inner>);

struct Inner {
    /// In the order of the settings.
    askers: Vec<Arc<Asker>>,
    rota: Rota,
    remembering: Remembering,
    /// Those who were let in, for as long as they may go on without the mall.
    known: Cache<[u8; 32], Known>,
    /// Tokens that were not good a moment ago.
    denied: Cache<[u8; 32], ()>,
    /// Questions under way.
    flights: Flights<[u8; 32], Option<Identity>>,
    room: Semaphore,
    /// Of its own for those who were let in before: a flood of made-up tokens does not crowd them out.
    room_for_known: Semaphore,
    positive: Duration,
    grace: Duration,
    runtime: Quarters,
}

/// Somebody who was let in, and when. Their shops are not here, but in the rota.
#[derive(Clone)]
struct Known {
    identity: Identity,
    at: Instant,
}

impl MallTokens {
    /// The mall of the settings, and who its members are; `None` where its tokens are good for nothing. Nothing is
    /// asked yet, but what cannot be asked is soon said in the log.
    pub fn of(
        settings: &Settings,
        database: &Database,
        remembering: &Remembering,
        rota: &Rota,
    ) -> Result<Option<(Self, Members)>, MallError> {
        let mall = &settings.mall;
        if mall.tokens.is_empty() {
            return Ok(None);
        }
        let runtime = Quarters::open().map_err(|cause| MallError { source_name: "runtime", cause: cause.into() })?;
        let (askers, members) = askers(settings, database, runtime.handle())?;
        let mall = Self::asking(askers, mall, remembering.clone(), rota.clone(), runtime);
        Ok(Some((mall, members)))
    }

    fn asking(
        askers: Vec<Arc<Asker>>,
        mall: &MallSettings,
        remembering: Remembering,
        rota: Rota,
        runtime: Quarters,
    ) -> Self {
        let seconds = Duration::from_secs;
        let (positive, grace) = (seconds(mall.positive_seconds), seconds(mall.grace_seconds));
        let lasting = |time| Cache::builder().max_capacity(REMEMBERED).time_to_live(time).build();
        Self(Arc::new(Inner {
            askers,
            rota,
            remembering,
            known: lasting(positive.max(grace)),
            denied: Cache::builder().max_capacity(REMEMBERED).time_to_live(seconds(mall.negative_seconds)).build(),
            flights: Flights::new(REMEMBERED),
            room: Semaphore::new(ROOM),
            room_for_known: Semaphore::new(ROOM),
            positive,
            grace,
            runtime,
        }))
    }

    /// Whom the mall means, at no desk yet.
    async fn find(&self, question: &Question) -> Answer {
        if let Some(verdict) = self.0.remembered(&question.token) {
            return Ok(verdict);
        }
        let (inner, question) = (Arc::clone(&self.0), question.clone());
        let asked = self.0.runtime.handle().spawn(async move {
            let answer = inner.fly(&question).await;
            answer.or_else(|error| inner.in_grace(&question.token).map(Some).ok_or(error))
        });
        match asked.await {
            Ok(Ok(found)) => Ok(found.map_or(Verdict::Unknown, Verdict::Is)),
            Ok(Err(error)) => Err(ApiError::Desk(StoreError::Unavailable(error.into()).into())),
            Err(_) => Err(ApiError::Desk(kefu::Error::Crashed)),
        }
    }

    /// Somebody at the desks that they serve.
    async fn seat(&self, identity: Identity) -> Result<Identity, ApiError> {
        if let Some(seated) = self.0.rota.seat_at_once(identity.clone()) {
            return Ok(seated);
        }
        let rota = self.0.rota.clone();
        ask(BOOKS_WITHIN, move || rota.seat(identity)).await
    }
}

impl WhoAreYou for MallTokens {
    fn at_once(&self, token: &Token) -> Option<Verdict> {
        match self.0.remembered(token)? {
            Verdict::Is(identity) => self.0.rota.seat_at_once(identity).map(Verdict::Is),
            verdict => Some(verdict),
        }
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            // Read while the mall is asked: should it take too long, whoever goes on in its grace needs it.
            let meanwhile = async {
                if let Some(identity) = self.0.in_grace(&question.token) {
                    let _ = self.seat(identity).await;
                }
            };
            let (answer, ()) = join(self.find(question), meanwhile).await;
            match answer? {
                Verdict::Is(identity) => self.seat(identity).await.map(Verdict::Is),
                verdict => Ok(verdict),
            }
        })
    }

    fn without_asking(&self, token: &Token) -> Option<Identity> {
        self.0.rota.seat_at_once(self.0.in_grace(token)?)
    }

    fn keeper(&self, token: &Token, _: &Identity) -> Option<Arc<dyn Keeper>> {
        let mine = is_mall_like(token) && self.0.known.contains_key(&token.hash());
        mine.then(|| Arc::new(self.clone()) as Arc<dyn Keeper>)
    }
}

impl Keeper for MallTokens {
    /// Whoever the mall says nothing about may stay for as long as the grace lasts, and while our own database says
    /// nothing, they stay at the desks where they are.
    fn still<'a>(&'a self, token: &'a Token, before: &'a Identity) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let question =
                Question { token: token.clone(), side: Some(before.party.side()), tenant: Some(before.tenant) };
            let Ok(Verdict::Is(identity)) = self.find(&question).await else { return false };
            let (rota, unseated) = (self.0.rota.clone(), identity.clone());
            let seated = ask(BOOKS_WITHIN, move || rota.seat(unseated)).await;
            let now = seated.unwrap_or_else(|_| Identity { shops: before.shops.clone(), ..identity });
            now.has_rights_of(before)
        })
    }
}

/// Whether the mall could have made it: the mall makes 32 hexadecimal digits, others of its kind make other names.
/// Whatever else is shown here, signed tokens above all, is none of the mall's business.
fn is_mall_like(token: &Token) -> bool {
    let text = token.reveal();
    (16..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

impl Inner {
    /// What needs no asking.
    fn remembered(&self, token: &Token) -> Option<Verdict> {
        let hash = token.hash();
        if !is_mall_like(token) || self.denied.contains_key(&hash) {
            return Some(Verdict::Unknown);
        }
        let known = self.known.get(&hash)?;
        if known.identity.has_ended() {
            return Some(Verdict::Nobody);
        }
        (known.at.elapsed() < self.positive).then_some(Verdict::Is(known.identity))
    }

    /// Whoever was let in, while the mall does not answer.
    fn in_grace(&self, token: &Token) -> Option<Identity> {
        let known = self.known.get(&token.hash())?;
        (known.at.elapsed() < self.grace && !known.identity.has_ended()).then_some(known.identity)
    }

    /// One question for all who wait for the same token.
    async fn fly(&self, question: &Question) -> Result<Option<Identity>, Arc<Silent>> {
        let hash = question.token.hash();
        let landed = self.flights.try_get_with(hash, self.look_up(question, hash)).await;
        self.flights.invalidate(&hash).await;
        landed
    }

    async fn look_up(&self, question: &Question, hash: [u8; 32]) -> Result<Option<Identity>, Silent> {
        if let Some(verdict) = self.remembered(&question.token) {
            return Ok(verdict.identity());
        }
        let known = self.known.get(&hash).map(|known| known.identity.tenant);
        let room = if known.is_some() { &self.room_for_known } else { &self.room };
        let Ok(Ok(_place)) = timeout(TURN_WITHIN, room.acquire()).await else {
            return Err(Silent::because("too many questions wait"));
        };
        let asked = Asked { token: question.token.clone(), side: question.side, tenant: known.or(question.tenant) };
        // An answer is as old as its question.
        let at = Instant::now();
        match self.inquire(&asked).await? {
            Some(bearer) => {
                let identity = self.identify(&question.token, bearer).await;
                self.known.insert(hash, Known { identity: identity.clone(), at });
                Ok(Some(identity).filter(|identity| !identity.has_ended()))
            }
            None => {
                self.denied.insert(hash, ());
                self.known.invalidate(&hash);
                Ok(None)
            }
        }
    }

    /// Asks the sources in turn: the first that knows the token, then those that can add something.
    async fn inquire(&self, asked: &Asked) -> Result<Option<Bearer>, Silent> {
        let (mut silent, mut found, mut is_denied) = (None, None, false);
        for (place, asker) in self.askers.iter().enumerate() {
            match asker.find(asked).await {
                Ok(Sighting::Of(bearer)) => {
                    found = Some((place, *bearer));
                    break;
                }
                Ok(Sighting::Nobody) => return Ok(None),
                // What Redis does not have may only be forgotten there.
                Ok(Sighting::Unknown) => is_denied |= asker.kind != MallSource::Redis,
                Err(error) => silent = Some(error),
            }
        }
        let Some((place, mut bearer)) = found else {
            if is_denied {
                self.known.invalidate(&asked.token.hash());
            }
            return silent.map_or(Ok(None), Err);
        };
        let others = self.askers.iter().enumerate().filter(|(other, _)| *other != place);
        for (_, asker) in others {
            if !asker.can_add(&bearer) {
                continue;
            }
            match asker.add(&asked.token, bearer.clone()).await {
                Ok(Sighting::Of(more)) => bearer = *more,
                Ok(Sighting::Nobody) => return Ok(None),
                Ok(Sighting::Unknown) => {}
                Err(error) => silent = Some(error),
            }
        }
        if bearer.permissions.is_none() {
            return Err(silent.unwrap_or_else(|| Silent::because("nobody knows the admin's permissions")));
        }
        // Redis keeps the tokens of accounts that were switched off; the tables know, and the pages speak for the mall.
        // On the word of Redis alone nobody new is let in where the tables should have been heard.
        let vouched = bearer.is_enabled || bearer.is_described;
        let unchecked = !vouched && self.askers.iter().any(|asker| asker.kind == MallSource::Tables);
        match silent {
            Some(silent) if unchecked => Err(silent),
            _ => Ok(Some(bearer)),
        }
    }

    /// Writes down how somebody is called; they are let in although that may come to nothing.
    async fn identify(&self, token: &Token, bearer: Bearer) -> Identity {
        let Bearer { party, tenant, expires, nickname, avatar, permissions, .. } = bearer;
        let profile = profile_of(nickname.as_deref(), avatar.as_deref());
        let (remembering, shown) = (self.remembering.clone(), profile.clone());
        let noting = spawn_blocking(move || remembering.note(tenant, party, &shown, clock::now()));
        let _ = timeout(BOOKS_WITHIN, noting).await;
        let (permissions, credential) = (permissions.unwrap_or_default(), token.credential());
        Identity { party, tenant, permissions, shops: rota::nowhere(), profile, credential, expires }
    }
}

#[cfg(test)]
mod tests;
