//! The desk and its handles: what a member may ask, what an agent may ask.

mod admin;
mod list;
mod member;
mod post;
mod read;
mod resume;
mod typing;

use std::sync::Arc;
use std::time::Duration;

use kefu_domain::{
    Agent, Command, Conversation, ConversationId, Cursor, Ear, Member, MemberDirectory, Message, Party, Profile,
    Refusal, Scope, Sent, ShopDirectory, Standing, Store, StoreError, TenantId, Timestamp,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

pub use admin::AdminDesk;
pub use member::MemberDesk;
pub use post::Post;

use crate::Error;
use crate::archive::Archive;
use crate::job::{Answer, Job};
use crate::known::Known;
use crate::lanes::Lanes;
use crate::live::{Follower, Live};

/// Nobody waits longer than this for an answer, whatever the database does. Below the six seconds that we promise.
const ANSWER_WITHIN: Duration = Duration::from_millis(5_500);
/// The mall's shopper page reloads its list after the answer: its own push should be on its way by then.
const HAND_OVER_WITHIN: Duration = Duration::from_millis(20);

/// The customer-service desk of a mall. Clones share the same lanes.
///
/// Whatever is asked of it must be asked inside a tokio runtime with time enabled, any runtime: questions to the
/// database and to the directories run on its blocking pool. The last clone that is dropped lets the lanes finish
/// what they have and end; [`Desk::stop`] does so too, waits for it and says whether it came to pass.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("is_running", &self.is_running()).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    pub(crate) lanes: Lanes,
    pub(crate) live: Arc<Live>,
    /// Where there are several nodes.
    pub(crate) follower: Option<Follower>,
    pub(crate) writes: Arc<dyn Store>,
    pub(crate) archive: Arc<Archive>,
    pub(crate) members: Arc<dyn MemberDirectory>,
    pub(crate) shops: Arc<dyn ShopDirectory>,
    pub(crate) known: Known,
    pub(crate) epoch: String,
    /// How old a message may be that is taken back, in milliseconds.
    pub(crate) revoke_within: i64,
    /// Who may ask the database a question: more would only wait for its connections.
    pub(crate) questions: Arc<Semaphore>,
}

/// A page of messages, with the pictures of the admins who wrote some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct History {
    /// The messages, in the order of the page.
    pub messages: Vec<Message>,
    /// Profiles of admins, as far as the directory knows them.
    pub admins: std::collections::HashMap<kefu_domain::AdminId, Profile>,
}

/// A line of the desk's list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The conversation.
    pub conversation: Conversation,
    /// Its member, as far as the directory knows.
    pub member: Profile,
}

impl Desk {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What this member may do at that shop. `profile` is how the others are shown what they write: its picture goes
    /// into the frames, while lists ask the directory.
    ///
    /// That whoever asks is this member is the caller's to establish before.
    #[must_use]
    pub fn member(&self, me: Member, profile: Profile) -> MemberDesk {
        MemberDesk { desk: self.0.clone(), me, profile }
    }

    /// What an agent may do, in all the shops that they serve: everything. Which of the
    /// [`Permission`](kefu_domain::Permission)s this one has is the caller's to establish before.
    #[must_use]
    pub fn admin(&self, me: impl Into<Agent>, profile: Profile) -> AdminDesk {
        AdminDesk { desk: self.0.clone(), me: me.into(), profile }
    }

    /// Whether a shop takes messages, the platform always: refused with [`Refusal::NoSuchShop`] or [`Refusal::ShopClosed`] where it does
    /// not. Sending and reading as a member ask this by themselves.
    pub async fn admits(&self, scope: Scope) -> Result<(), Error> {
        self.0.admits(deadline(), scope).await
    }

    /// Notes that a socket of somebody has accepted a conversation's message of this number: an old client that says
    /// "read" without a number means what it was shown.
    pub fn shown(&self, tenant: TenantId, party: Party, conversation: ConversationId, seq: i64) {
        self.0.known.has_seen(tenant, party, conversation, seq);
    }

    /// The life of the database that the cursors of this desk belong to: whoever holds one of another life starts over.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// The time that the database's clock shows.
    pub async fn now(&self) -> Result<Timestamp, Error> {
        self.0.ask(deadline(), |desk| Ok(store(desk.archive.conversations.heads(&[], 0))?.0)).await
    }

    /// Where these conversations stand, as far as this process knows them without asking the database. Ask for those
    /// that were resumed here; by asking, their news are kept at hand for whoever comes back.
    #[must_use]
    pub fn heads(&self, ids: &[ConversationId]) -> Vec<Cursor> {
        self.0.live.heads(ids)
    }

    /// Where what a bus brings from the other nodes goes in. It does not keep the desk alive, and is deaf after it.
    #[must_use]
    pub fn ear(&self) -> Arc<dyn Ear> {
        self.0.live.ear()
    }

    /// Whether every lane runs, and with several nodes whoever follows the others; a desk that was stopped does not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.lanes.all_run() && self.0.follower.as_ref().is_none_or(Follower::runs)
    }

    /// Takes no more commands and waits until those taken are committed, told and answered; says whether that
    /// happened in time. What comes later is answered [`Error::Late`].
    ///
    /// Blocks: inside an async task, give it to `tokio::task::spawn_blocking`. Sockets are told what the last commits
    /// brought, so close them afterwards.
    #[must_use]
    pub fn stop(&self, within: Duration) -> bool {
        let until = std::time::Instant::now() + within;
        let carried = self.0.lanes.stop(within);
        let left = until.saturating_duration_since(std::time::Instant::now());
        carried & self.0.follower.as_ref().is_none_or(|follower| follower.stop(left))
    }
}

impl Inner {
    /// Puts a command on its lane and waits for what comes of it.
    pub(crate) async fn carry(
        &self,
        until: Instant,
        command: Command,
        avatar: Option<String>,
    ) -> Result<Answer, Error> {
        let conversation = command.conversation;
        let (job, answer) = Job::new(command, avatar);
        self.lanes.put(conversation, job)?;
        match timeout_at(until, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(Error::Late),
        }
    }

    /// Carries a sending, and lets its news overtake the answer on the way to the sender's own sockets.
    pub(crate) async fn say(&self, until: Instant, command: Command, avatar: Option<String>) -> Result<Sent, Error> {
        let answer = self.carry(until, command, avatar).await?;
        if let Some(handed) = answer.handed {
            let _ = timeout(HAND_OVER_WITHIN, handed).await;
        }
        answer.sent.ok_or(Error::Crashed)
    }

    /// Whether a shop takes messages. The answer "yes" is remembered for a moment.
    pub(crate) async fn admits(self: &Arc<Self>, until: Instant, scope: Scope) -> Result<(), Error> {
        if self.known.is_open(scope) {
            return Ok(());
        }
        let standing = move |desk: &Self| {
            desk.shops.standing(scope).map_err(|error| Error::Store(StoreError::Unavailable(error.0)))
        };
        match self.ask(until, standing).await? {
            Standing::Open => {
                self.known.was_open(scope);
                Ok(())
            }
            Standing::Closed => Err(Refusal::ShopClosed(scope.shop).into()),
            Standing::Unknown => Err(Refusal::NoSuchShop(scope.shop).into()),
        }
    }

    /// Runs a question where blocking is allowed. One that nobody waits for any more, and that has not begun, never
    /// begins: after an outage the living are served, not the backlog.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        until: Instant,
        question: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = match timeout_at(until, self.questions.clone().acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(_) => return Err(Error::Late),
        };
        let inner = self.clone();
        let span = tracing::Span::current();
        let mut asked = Asked(tokio::task::spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(|| question(&inner))
        }));
        match timeout_at(until, &mut asked.0).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::Crashed),
            Err(_) => Err(Error::Late),
        }
    }
}

/// When whoever asks now is answered at the latest.
pub(crate) fn deadline() -> Instant {
    Instant::now() + ANSWER_WITHIN
}

/// A question on the blocking pool; dropped before it began, it never begins.
struct Asked<T>(JoinHandle<T>);

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A question to a store, as a question to the desk.
fn store<T>(result: Result<T, StoreError>) -> Result<T, Error> {
    result.map_err(Error::Store)
}
