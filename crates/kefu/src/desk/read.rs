//! Reading, for both sides: pages, and what "read" means to a client that names no number.

use kefu_domain::{Conversation, ConversationId, Message, MessagePage, Party, Scope};

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
    let messages = store(desk.archive.messages.page(scope, id, reader.side(), &page))?;
    desk.known.has_been_shown(scope.tenant, reader, id, &messages);
    let admins = desk.archive.writers(scope.tenant, &messages);
    Ok(History { messages: seen_by(messages, reader), admins })
}

/// What this reader's side sees of messages: of those that it has deleted, the number.
pub(super) fn seen_by(messages: Vec<Message>, reader: Party) -> Vec<Message> {
    messages.into_iter().map(|message| message.seen_by(reader.side())).collect()
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
