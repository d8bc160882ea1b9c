//! Reading what somebody has missed from the database.
//!
//! A look at a conversation is several questions, and somebody may write between two of them. The outline is read
//! first, and what is delivered with it is everything up to its two numbers and perhaps a little more:
//!
//! * a message up to `head_seq` was committed before the outline was read, so the page, read later, has it; messages
//!   above are dropped, for their news come after whoever asks has begun to listen;
//! * a message that was altered by a change up to `change` was altered before the outline was read. It is among the
//!   messages, as they were later, or among the altered ones, read later still: nothing ever makes it unaltered again;
//! * an alteration above `change` that is seen already is seen again when its news comes. A message's state is taken
//!   as it is, so twice is once.
//!
//! Were the outline read last, its numbers would cover what came after the page was read, and nobody would ask again.

use std::collections::HashMap;
use std::sync::Arc;

use kefu_domain::{
    AdminDirectory, AdminId, ConversationRepository, Cursor, Message, MessagePage, MessageRepository, Outline, Party,
    Profile, Side, Since, StoreError, TenantId,
};

/// Messages that one answer carries at most.
pub(crate) const PAGE: u32 = 100;
/// Messages of which somebody who starts over is given the newest.
const FRESH: u32 = 50;
/// Older messages that were altered: beyond so many, starting over is cheaper.
const ALTERED: u32 = 200;

/// Where conversations are read.
pub(crate) struct Archive {
    pub(crate) conversations: Arc<dyn ConversationRepository>,
    pub(crate) messages: Arc<dyn MessageRepository>,
    pub(crate) admins: Arc<dyn AdminDirectory>,
    /// Messages that one answer carries at most; [`PAGE`], but for tests.
    pub(crate) page: u32,
}

impl Archive {
    /// What is new since a cursor, for somebody who asks. They start over where they hold none, or one that this
    /// conversation, as it was read before, cannot have given them.
    pub(crate) fn resume(&self, now: Outline, from: Option<Cursor>) -> Result<Since, StoreError> {
        let from = from.filter(|from| now.may_have_been_at(*from));
        let Some(from) = from else { return self.anew(now) };
        let mut since = self.messages_since(now, from)?;
        if !since.more && may_be_altered(now, from) {
            since.changed =
                self.messages.altered(now.scope, now.conversation, from.change, from.seq, ALTERED.saturating_add(1))?;
            if since.changed.len() > ALTERED as usize {
                return self.anew(now);
            }
        }
        Ok(self.with_writers(since))
    }

    /// What is new since a point that was told here: as [`Archive::resume`], but nobody starts over, however much it
    /// is.
    pub(crate) fn missed(&self, now: Outline, from: Cursor) -> Result<Since, StoreError> {
        let mut since = self.messages_since(now, from)?;
        let mut asked = from.change;
        while !since.more && may_be_altered(now, from) {
            let altered = self.messages.altered(now.scope, now.conversation, asked, from.seq, ALTERED)?;
            let whole = altered.len() < ALTERED as usize;
            asked = altered.last().map_or(asked, |last| last.change);
            since.changed.extend(altered);
            if whole {
                break;
            }
        }
        Ok(self.with_writers(since))
    }

    fn messages_since(&self, now: Outline, from: Cursor) -> Result<Since, StoreError> {
        let mut messages = Vec::new();
        if from.seq < now.head_seq {
            let page = MessagePage::SinceSeq(from.seq, self.page);
            messages = self.messages.page(now.scope, now.conversation, Side::Desk, &page)?;
            messages.retain(|message| message.seq <= now.head_seq);
        }
        let more = messages.last().is_some_and(|last| last.seq < now.head_seq);
        let (changed, admins) = (Vec::new(), HashMap::new());
        Ok(Since { outline: now, from: Some(from), messages, changed, reset: false, more, admins })
    }

    fn anew(&self, now: Outline) -> Result<Since, StoreError> {
        let page = MessagePage::BeforeSeq(now.head_seq.saturating_add(1), FRESH);
        let mut messages = self.messages.page(now.scope, now.conversation, Side::Desk, &page)?;
        messages.reverse();
        let (changed, admins) = (Vec::new(), HashMap::new());
        Ok(self.with_writers(Since { outline: now, from: None, messages, changed, reset: true, more: false, admins }))
    }

    fn with_writers(&self, since: Since) -> Since {
        let admins = self.writers(since.outline.scope.tenant, since.messages.iter().chain(&since.changed));
        Since { admins, ..since }
    }

    /// The profiles of the admins who wrote some of these. A picture is no reason to withhold the words: a directory
    /// that does not answer leaves them out.
    pub(crate) fn writers<'a>(
        &self,
        tenant: TenantId,
        messages: impl IntoIterator<Item = &'a Message>,
    ) -> HashMap<AdminId, Profile> {
        let mut writers: Vec<AdminId> = messages
            .into_iter()
            .filter_map(|message| match message.sender {
                Party::Admin(id) => Some(id),
                Party::Member(_) | Party::System => None,
            })
            .collect();
        writers.sort_unstable();
        writers.dedup();
        if writers.is_empty() {
            return HashMap::new();
        }
        self.admins.profiles(tenant, &writers).unwrap_or_else(|error| {
            tracing::warn!(error = %error.0, "the directory of admins did not answer");
            HashMap::new()
        })
    }
}

/// Each message is one change: where there were no more changes than messages, nothing else has happened.
fn may_be_altered(now: Outline, from: Cursor) -> bool {
    now.change - from.change > now.head_seq - from.seq
}
