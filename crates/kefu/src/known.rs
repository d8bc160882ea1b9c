//! What this process remembers, within bounds, so as not to ask the database again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kefu_domain::{Conversation, ConversationId, Member, MemberId, Message, Party, Scope, ShopId, TenantId};
use moka::sync::Cache;

/// A conversation and its member belong together for ever; the directory's word on the member does not.
const TRUST: Duration = Duration::from_secs(60);
/// How long a shop that was closed may still be taken for open.
const OPEN_FOR: Duration = Duration::from_secs(3);

type Shown = Cache<(TenantId, Party, ConversationId), Arc<AtomicI64>>;

/// Where a conversation is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Its id, which is another than the one that was asked for where the two were merged.
    pub(crate) id: ConversationId,
    /// Whose it is.
    pub(crate) scope: Scope,
    /// Its member.
    pub(crate) member: MemberId,
}

impl From<&Conversation> for Place {
    fn from(found: &Conversation) -> Self {
        Self { id: found.id, scope: found.scope, member: found.member }
    }
}

pub(crate) struct Known {
    /// A member's conversation never changes its id.
    of_member: Cache<Member, ConversationId>,
    /// Conversations to which admins write: where they are; the directory did not deny their members.
    place: Cache<ConversationId, Place>,
    /// Where conversations are, whatever the directory says of their members.
    met: Cache<ConversationId, Place>,
    shown: Shown,
    /// Shops that were open a moment ago.
    open: Cache<Scope, ()>,
}

impl Known {
    pub(crate) fn new(most: u64) -> Self {
        Self {
            of_member: Cache::new(most),
            place: Cache::builder().max_capacity(most).time_to_live(TRUST).build(),
            met: Cache::builder().max_capacity(most).time_to_live(TRUST).build(),
            shown: Cache::new(most),
            open: Cache::builder().max_capacity(most).time_to_live(OPEN_FOR).build(),
        }
    }

    pub(crate) fn conversation(&self, member: &Member) -> Option<ConversationId> {
        self.of_member.get(member)
    }

    pub(crate) fn has_opened(&self, member: Member, id: ConversationId) {
        self.of_member.insert(member, id);
    }

    pub(crate) fn forget(&self, member: &Member) {
        self.of_member.invalidate(member);
    }

    pub(crate) fn place(&self, id: ConversationId) -> Option<Place> {
        self.place.get(&id)
    }

    pub(crate) fn is_placed(&self, asked: ConversationId, place: Place) {
        self.place.insert(asked, place);
    }

    /// Where a conversation is. That an agent may write to its member is another question.
    pub(crate) fn met(&self, id: ConversationId) -> Option<Place> {
        self.met.get(&id)
    }

    pub(crate) fn has_met(&self, asked: ConversationId, place: Place) {
        self.met.insert(asked, place);
    }

    pub(crate) fn is_open(&self, scope: Scope) -> bool {
        scope.shop == ShopId::PLATFORM || self.open.contains_key(&scope)
    }

    pub(crate) fn was_open(&self, scope: Scope) {
        self.open.insert(scope, ());
    }

    /// Notes that somebody has been shown a conversation up to a number.
    pub(crate) fn has_seen(&self, tenant: TenantId, party: Party, id: ConversationId, seq: i64) {
        let seen = self.shown.get_with((tenant, party, id), || Arc::new(AtomicI64::new(seq)));
        seen.fetch_max(seq, Ordering::Relaxed);
    }

    /// Notes that somebody has been shown these messages.
    pub(crate) fn has_been_shown(&self, tenant: TenantId, party: Party, id: ConversationId, messages: &[Message]) {
        if let Some(newest) = messages.iter().map(|message| message.seq).max() {
            self.has_seen(tenant, party, id, newest);
        }
    }

    /// The highest number that somebody has been shown, if anything is remembered.
    pub(crate) fn seen(&self, tenant: TenantId, party: Party, id: ConversationId) -> Option<i64> {
        self.shown.get(&(tenant, party, id)).map(|seen| seen.load(Ordering::Relaxed))
    }
}
