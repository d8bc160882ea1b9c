//! Messages.

use kefu_domain::{ClientMsgId, MemberId, Message, Outline, Party, Scope, Side};
use serde::Serialize;

use super::content::{self, More};
use super::envelope::{Action, Category, Envelope, Name, Place, for_desk};
use crate::mall::MallId;

/// A message as somebody of a side sees it now: what is left of one that was taken back, the number alone of one that
/// this side has deleted. `whose` conversation it is says the scope and the member; `avatar` is the sender's picture.
pub fn message<'a>(
    message: &'a Message,
    whose: (Scope, MemberId),
    reader: Side,
    avatar: Option<&'a str>,
) -> impl Serialize + use<'a> {
    listed(message, whose, reader, avatar)
}

#[derive(Serialize)]
pub(super) struct Ext<'a> {
    #[serde(flatten)]
    place: Place,
    seq: i64,
    change: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
    #[serde(flatten)]
    more: More,
}

/// A message among others.
pub(super) fn listed<'a>(
    message: &'a Message,
    (scope, member): (Scope, MemberId),
    reader: Side,
    avatar: Option<&'a str>,
) -> Envelope<'a, Ext<'a>> {
    let gone = message.deleted.by(reader);
    let look = if gone { content::nothing() } else { content::down(message.kind, &message.content) };
    let quote = message.quote.filter(|_| !gone);
    let to = match message.sender.side() {
        Side::Member => Name::Shop(scope.shop),
        Side::Desk => Name::Party(Party::Member(member)),
    };
    let ext = Ext {
        place: Place::at(message.conversation, scope.shop, member, reader),
        seq: message.seq,
        change: message.change,
        unread: None,
        client_msg_id: message.key.as_ref().map(ClientMsgId::as_str),
        quote_seq: quote.map(|quote| quote.seq),
        avatar: avatar.filter(|_| !gone),
        more: look.more,
    };
    Envelope {
        style: Some(look.style),
        kind: Some(look.kind),
        content: Some(look.content),
        url: look.url,
        from: Some(Name::Party(message.sender)),
        to: Some(to),
        id: Some(MallId(message.id.0)),
        created_at: Some(message.time.0),
        is_read: Some(message.read),
        is_revoke: message.revoked.is_some() && !gone,
        is_delete: gone,
        quote: quote.map(|quote| MallId(quote.id.0)),
        ..Envelope::bare(Category::of(message.sender), Some(Action::Send), ext)
    }
}

/// A message that was taken back or deleted for the reader, by whichever of the two is the case; `None` when it is
/// neither.
pub(super) fn altered<'a>(
    message: &'a Message,
    outline: &Outline,
    reader: Side,
    avatar: Option<&'a str>,
) -> Option<Envelope<'a, Ext<'a>>> {
    let listed = listed(message, (outline.scope, outline.member), reader, avatar);
    let action = match listed {
        Envelope { is_delete: true, .. } => Action::Delete,
        Envelope { is_revoke: true, .. } => Action::Revoke,
        _ => return None,
    };
    Some(Envelope { action: Some(action), quote: listed.id, ..listed })
}

/// As news: with the conversation's number of this change, and what the desk has not read after it.
pub(super) fn as_news<'a>(envelope: Envelope<'a, Ext<'a>>, after: &Outline, reader: Side) -> Envelope<'a, Ext<'a>> {
    let ext = Ext { change: after.change, unread: for_desk(reader, after.desk_unread), ..envelope.ext };
    Envelope { ext, ..envelope }
}
