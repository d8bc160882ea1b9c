//! The ports: what the rules need from the world, to be had from a database, a directory, a push service.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use crate::{
    AdminId, ChangedPage, Committed, Conversation, ConversationId, DirectoryError, Event, Head, Member, MemberId,
    Message, Need, Party, Scope, ShopId, Side, StoreError, TenantId, Timestamp, Typing, UnitOfWork,
};

/// Reads conversations. Every answer is as of the last commit before the call, and of what was named only.
pub trait ConversationRepository: Send + Sync {
    /// The conversation of that id, if it is of this tenant and of one of these shops.
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// The member's conversation, if it was opened.
    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError>;

    /// A page of the desk's list: not hidden, at least one message; pinned first, then the newest message first,
    /// then the highest id first.
    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError>;

    /// What has changed at a desk, the longest unchanged first, then the lowest id first; hidden ones too, those
    /// without a message not.
    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError>;

    /// Where those conversations of these scopes stand that have changed within the last `within` milliseconds, all of
    /// them, in any order; and the time that the database's clock shows.
    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError>;
}

/// Which page of the desk's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationPage {
    /// At most this many.
    pub limit: u32,
    /// Only those that come after this place.
    pub after: Option<ListCursor>,
    /// Only members whose remembered nickname contains this text.
    pub name: Option<String>,
}

/// A place in the desk's list: the keys of the last conversation that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCursor {
    /// Whether it was pinned.
    pub pinned: bool,
    /// When its newest message was.
    pub last: Timestamp,
    /// Its id.
    pub id: ConversationId,
}

/// Reads messages of one conversation, which the caller has found in its scope before.
pub trait MessageRepository: Send + Sync {
    /// A page of a conversation's messages for a reader of that side. What this side has deleted is left out of pages
    /// by time; pages by number keep it, as it is stored, so that their numbers have no gap.
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError>;

    /// The messages up to the number `up_to` that were taken back or deleted, by whichever side, where a change above
    /// `since` was the last to touch them; as they are stored, in the order of those changes, at most `limit`.
    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;
}

/// Which page of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessagePage {
    /// The newest, newest first. Like `Before`, it never ends inside a second.
    Newest(u32),
    /// Those before this instant, newest first. Longer than the limit where the page would otherwise end inside
    /// a second of the clock: the mall's pages ask on with whole seconds and would lose the rest of it.
    Before(Timestamp, u32),
    /// Those with a lower number, newest first.
    BeforeSeq(i64, u32),
    /// Those with a higher number, oldest first.
    SinceSeq(i64, u32),
}

/// Writes. The database is the truth: what a commit has acknowledged is there for good.
pub trait Store: Send + Sync {
    /// The id of the member's conversation, which is created, and committed at once, if it was missing. Any number
    /// of callers at once get the same id. A conversation without messages is in no list.
    fn open(&self, member: Member) -> Result<ConversationId, StoreError>;

    /// Locks the conversations that the needs name, in the order of their ids, skipping those that somebody else
    /// holds, and loads what the needs name. Conversations that do not exist are simply not there.
    fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError>;
}

/// A transaction with its unit of work. Dropping it undoes everything.
pub trait Transaction {
    /// The rows, for rules to change.
    fn work(&mut self) -> &mut UnitOfWork;

    /// Writes what changed and commits. [`StoreError::FateUnknown`] when the commit was sent and not answered.
    fn commit(self: Box<Self>) -> Result<Committed, StoreError>;
}

/// How somebody is shown to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub nickname: Option<String>,
    /// The address of the picture.
    pub avatar: Option<String>,
}

/// Who the members are. Asked in batches, never while a row is locked.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait MemberDirectory: Send + Sync {
    /// The profiles of those it knows; whoever is missing is shown without name and picture.
    fn profiles(&self, tenant: TenantId, ids: &[MemberId]) -> Result<HashMap<MemberId, Profile>, DirectoryError>;

    /// Whether it positively knows that there is no such member. A directory that cannot know says `false`.
    fn denies(&self, tenant: TenantId, id: MemberId) -> Result<bool, DirectoryError>;
}

/// Who the admins are. Asked in batches, never while a row is locked.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait AdminDirectory: Send + Sync {
    /// The profiles of those it knows; whoever is missing is shown without name and picture.
    fn profiles(&self, tenant: TenantId, ids: &[AdminId]) -> Result<HashMap<AdminId, Profile>, DirectoryError>;
}

/// Whether a shop takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Open,
    /// It does no longer; its agents still have the history.
    Closed,
    /// There is no such shop.
    Unknown,
}

/// Which shops there are, besides the platform, which is always open. Asked now and then, never while a row is
/// locked.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait ShopDirectory: Send + Sync {
    /// What it knows of a shop.
    fn standing(&self, scope: Scope) -> Result<Standing, DirectoryError>;
}

/// Kept by every socket of the sender until the news was handed to its writer; whoever waits for that sees the
/// last one go. An announcer that does not care drops it.
pub type Handed = Arc<dyn Any + Send + Sync>;

/// A fact to be told.
#[derive(Clone)]
pub struct Announcement {
    /// What happened.
    pub event: Event,
    /// The sender's picture, which the mall's frames carry.
    pub avatar: Option<String>,
    /// For the sender's own sockets.
    pub handed: Option<Handed>,
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcement").field("event", &self.event).finish_non_exhaustive()
    }
}

/// Tells. Called after the commit, in commit order; it never blocks and can no longer fail anything.
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Announcer: Send + Sync {
    /// Tells each audience, in this order.
    fn announce(&self, news: Vec<Announcement>);

    /// Tells the other side, and the other agents, that somebody is writing. Dropped where there is no room.
    fn whisper(&self, typing: &Typing) {
        let _ = typing;
    }

    /// The scopes that somebody listens to here: only their news is worth looking for.
    fn scopes(&self) -> Vec<Scope> {
        Vec::new()
    }
}

/// Tells the other nodes. What it carries are hints: they may be lost, repeated and reordered, and cost somebody no
/// more than a question to the database.
pub trait Bus: Send + Sync {
    /// Hands the news over, in this order. Never blocks, and can no longer fail anything.
    fn publish(&self, news: &[Announcement]);

    /// Hands over that somebody is writing.
    fn whisper(&self, typing: &Typing);
}

/// Where what a [`Bus`] brings from the other nodes goes in. Never blocks.
pub trait Ear: Send + Sync {
    /// News of another node, perhaps known already, perhaps not the next.
    fn hear(&self, news: Announcement);

    /// Somebody is writing, at another node.
    fn hear_typing(&self, typing: Typing);
}

/// How many people are connected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnlineCount {
    /// Different members.
    pub members: usize,
    /// Different admins.
    pub admins: usize,
}

/// Who is connected, to this node or any other.
pub trait Presence: Send + Sync {
    /// How many, in a scope.
    fn count(&self, scope: Scope) -> OnlineCount;

    /// Whether somebody is, in a scope.
    fn is_online(&self, scope: Scope, party: Party) -> bool;
}
