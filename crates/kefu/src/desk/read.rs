//! Reading, for both sides: pages, and what "read" means to a client that names no number.

use kefu_domain::{AdminId, Conversation, ConversationId, MessagePage, Party, Scope};

use super::{History, Inner, store};
use crate::Error;

/// How far a cursor is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UpTo {
    /// It is there already.
    Nothing,
    /// Up to this number.
    Seq(i64),
}

/// A page of a conversation that the caller may see; remembers that they have seen it.
pub(super) fn page(
    desk: &Inner,
    scope: Scope,
    reader: Party,
    id: ConversationId,
    page: MessagePage,
) -> Result<History, Error> {
    let messages = store(desk.messages.page(scope, id, &page))?;
    if let Some(newest) = messages.iter().map(|message| message.seq).max() {
        desk.known.has_seen(scope.tenant, reader, id, newest);
    }
    let mut writers: Vec<AdminId> = messages
        .iter()
        .filter_map(|message| match message.sender {
            Party::Admin(id) => Some(id),
            Party::Member(_) | Party::System => None,
        })
        .collect();
    writers.sort_unstable();
    writers.dedup();
    // A picture is no reason to withhold the words: a directory that does not answer leaves them out.
    let admins = if writers.is_empty() {
        std::collections::HashMap::new()
    } else {
        desk.admins.profiles(scope.tenant, &writers).unwrap_or_else(|error| {
            tracing::warn!(error = %error.0, "the directory of admins did not answer");
            std::collections::HashMap::new()
        })
    };
    Ok(History { messages, admins })
}

/// What is to be read: the number that was named, or what this reader has been shown, or, where nothing is
/// remembered of them, all there is at this moment.
pub(super) fn target(desk: &Inner, conversation: &Conversation, reader: Party, up_to: Option<i64>) -> UpTo {
    let wanted = up_to
        .or_else(|| desk.known.seen(conversation.scope.tenant, reader, conversation.id))
        .unwrap_or(conversation.head_seq)
        .min(conversation.head_seq);
    if wanted <= conversation.read_seq(reader.side()) { UpTo::Nothing } else { UpTo::Seq(wanted) }
}
