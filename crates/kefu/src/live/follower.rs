//! Reads in the database what nobody brought: conversations of which news are missing, one after the other, and every
//! so often those that have changed without anybody saying so. Where there are several nodes only.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kefu_domain::{
    Chain, Conversation, ConversationId, Cursor, Deleted, MessagePage, Outline, Scope, Side, StoreError, Timestamp,
};

use super::Live;
use super::behind::{Behind, Missing};
use super::others::Others;
use super::stand::Stand;
use crate::archive::Archive;

/// Conversations that are read between two looks at the time.
const SLICE: usize = 256;
/// A database that does not answer is asked again after this long, twice as long each time, at most [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The thread that reads.
pub(crate) struct Follower {
    behind: Arc<Behind>,
    thread: Option<JoinHandle<()>>,
    ended: Mutex<Receiver<()>>,
}

impl Follower {
    /// Starts it, where there are several nodes. It ends when the last of `live` is dropped, or when it is stopped.
    pub(crate) fn start(live: &Arc<Live>, archive: &Arc<Archive>, every: Duration) -> Option<Self> {
        let behind = live.others.as_ref()?.behind.clone();
        let (alive, ended) = sync_channel::<()>(1);
        let mut reader = Reader::new(live, archive);
        let work = {
            let behind = behind.clone();
            move || {
                reader.run(&behind, every);
                drop(alive);
            }
        };
        let thread = std::thread::Builder::new().name("follower".to_owned()).spawn(work);
        let thread = thread.map_err(|error| tracing::error!(%error, "what other nodes do is not heard of here")).ok();
        Some(Self { behind, thread, ended: Mutex::new(ended) })
    }

    pub(crate) fn runs(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Tells what is missing, if the database answers, and ends; says whether it did in time.
    pub(crate) fn stop(&self, within: Duration) -> bool {
        self.behind.stop();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(ended.recv_timeout(within), Err(RecvTimeoutError::Disconnected))
    }
}

/// What the thread does. It holds nobody alive.
pub(super) struct Reader {
    pub(super) live: Weak<Live>,
    pub(super) archive: Arc<Archive>,
    pub(super) started: Instant,
    /// When a look at all conversations last succeeded, by this process's clock.
    pub(super) looked: Instant,
    /// What a look has found is read after this long, and what could not be read is tried again after it at first.
    pub(super) shortest: Duration,
}

impl Reader {
    pub(super) fn new(live: &Arc<Live>, archive: &Arc<Archive>) -> Self {
        let now = Instant::now();
        Self { live: Arc::downgrade(live), archive: archive.clone(), started: now, looked: now, shortest: SHORTEST }
    }

    fn run(&mut self, behind: &Behind, every: Duration) {
        let mut look_at = Instant::now();
        let mut pause = SHORTEST;
        let mut looks = true;
        while !behind.is_stopped() {
            if look_at <= Instant::now() {
                let looked = self.safely(Self::look);
                if let Err(error) = &looked
                    && looks
                {
                    tracing::warn!(error = %Chain(error), "could not look for what other nodes have done");
                }
                looks = looked.is_ok();
                look_at = Instant::now() + every;
            }
            match self.safely(Self::read_all) {
                Ok(()) => pause = SHORTEST,
                Err(error) => {
                    if pause == SHORTEST {
                        tracing::warn!(error = %Chain(&error), "news of other nodes wait for the database");
                    }
                    behind.pause(pause);
                    pause = (pause * 2).min(LONGEST);
                }
            }
            behind.wait(look_at);
        }
        // What was committed here is told here, if the database answers.
        while self.live.strong_count() > 0 && behind.is_due() && self.safely(Self::read_all).is_ok() {}
    }

    /// A store that panics is one that failed.
    fn safely(&mut self, work: fn(&mut Self, &Live, &Others) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let Some(live) = self.live.upgrade() else { return Ok(()) };
        let Some(others) = &live.others else { return Ok(()) };
        catch_unwind(AssertUnwindSafe(|| work(self, &live, others)))
            .unwrap_or_else(|_| Err(StoreError::Failed("the store panicked".into())))
    }

    /// Reads what is missing, a slice at most; stops at the first sign that the database is not there.
    pub(super) fn read_all(&mut self, live: &Live, others: &Others) -> Result<(), StoreError> {
        let mut asked: Option<Instant> = None;
        let mut scopes = HashSet::new();
        for _ in 0..SLICE {
            let Some((id, missing)) = others.behind.next() else { return Ok(()) };
            if asked.is_none_or(|asked| asked <= missing.noted) {
                asked = Some(Instant::now());
                scopes = others.heard_lately(live.announcer.scopes());
            }
            if !scopes.contains(&missing.scope) {
                // Whoever has joined since it was noted has asked the database later than it was committed.
                live.forget(id);
                others.behind.done(id);
                continue;
            }
            let read = catch_unwind(AssertUnwindSafe(|| self.read(live, others, id, &missing)))
                .unwrap_or_else(|_| Err(StoreError::Failed("the store panicked".into())));
            match read {
                Ok(()) => others.behind.done(id),
                Err(error) => {
                    let after = self.shortest.saturating_mul(1 << missing.tries.min(6)).min(LONGEST);
                    others.behind.again(id, missing, after);
                    if !matches!(error, StoreError::Failed(_)) {
                        return Err(error);
                    }
                    tracing::error!(conversation.id = %id, error = %Chain(&error), "could not read what is missing");
                }
            }
        }
        Ok(())
    }

    /// Reads what is missing in one conversation, and tells it, a page at a time.
    fn read(&self, live: &Live, others: &Others, id: ConversationId, missing: &Missing) -> Result<(), StoreError> {
        let mut told = live.stand(id);
        if let Some(seen) = missing.seen {
            if told.is_some_and(|told| told.change >= seen) {
                return Ok(());
            }
            metrics::counter!("kefu_sweep_found_total").increment(1);
        }
        metrics::counter!("kefu_gap_fetches_total").increment(1);
        loop {
            let Scope { tenant, shop } = missing.scope;
            let Some(found) = self.archive.conversations.find(tenant, &[shop], id)? else {
                live.forget(id);
                return Ok(());
            };
            // One that was merged into another: that one's news are what is missing.
            if found.id != id {
                live.forget(id);
                others.miss(found.id, found.scope, None);
                return Ok(());
            }
            let now = Outline::from(&found);
            let from = match told {
                Some(told) => told,
                None => self.untold(others, &found, missing)?,
            };
            if now.change <= from.change {
                live.was_told(id, found.scope, from);
                return Ok(());
            }
            let since = self.archive.missed(now, Cursor { conversation: id, seq: from.seq, change: from.change })?;
            let more = since.more;
            let after = live.catch_up(since, from);
            if !more {
                return Ok(());
            }
            told = Some(live.stand(id).unwrap_or(after));
        }
    }

    /// Where to begin with a conversation of which nothing is known: before the news that came, and before what was
    /// changed when not everything had been told.
    fn untold(&self, others: &Others, found: &Conversation, missing: &Missing) -> Result<Stand, StoreError> {
        let until = match missing.settled {
            Some(until) => until,
            None => {
                let now = self.archive.conversations.heads(&[], 0)?.0;
                Others::settled_before(others.began(ago(now, self.started)))
            }
        };
        let settled = if found.changed < until { Stand::from(Outline::from(found)) } else { self.at(found, until)? };
        Ok(missing.before.map_or(settled, |before| before.min(settled)))
    }

    /// Where the conversation stood at a time, or a little before.
    fn at(&self, found: &Conversation, time: Timestamp) -> Result<Stand, StoreError> {
        let mut above = found.head_seq.saturating_add(1);
        loop {
            let page = MessagePage::BeforeSeq(above, self.archive.page);
            let page = self.archive.messages.page(found.scope, found.id, Side::Desk, &page)?;
            let older = page.iter().filter(|message| message.time < time);
            if let Some(newest) = older.clone().map(|message| message.seq).max() {
                // A message that was altered carries a later change than that of being said, which is never below its
                // number.
                let said = older.map(|message| {
                    let altered = message.revoked.is_some() || message.deleted != Deleted::default();
                    if altered { message.seq } else { message.change }
                });
                return Ok(Stand { seq: newest, change: said.max().unwrap_or(0) });
            }
            match page.last() {
                Some(last) if last.seq > 1 => above = last.seq,
                _ => return Ok(Stand { seq: 0, change: 0 }),
            }
        }
    }
}

/// A moment by the database's clock, which shows this now.
pub(super) fn ago(now: Timestamp, moment: Instant) -> Timestamp {
    Timestamp(now.0.saturating_sub(millis(moment.elapsed())))
}

pub(super) fn millis(long: Duration) -> i64 {
    i64::try_from(long.as_millis()).unwrap_or(i64::MAX)
}
