//! What somebody has missed of a conversation.

use bytestring::ByteString;
use kefu_domain::{Message, Party, Side, Since};
use serde::Serialize;

use super::envelope::{Action, Category, Envelope, Place, for_desk, text};
use super::message::{self, Ext};

/// What is new in a conversation, for somebody of a side: the `ext` of a `resume` frame, and, serialised, the object
/// that stands for it wherever else somebody asks.
#[derive(Serialize)]
pub struct Resumed<'a> {
    #[serde(flatten)]
    place: Place,
    seq: i64,
    change: i64,
    member_read: i64,
    desk_read: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<bool>,
    messages: Vec<Envelope<'a, Ext<'a>>>,
    changed: Vec<Envelope<'a, Ext<'a>>>,
    more: bool,
    reset: bool,
    /// The number and the change that this goes on from; none where everything begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<[i64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
}

impl Resumed<'_> {
    /// The `resume` frame.
    #[must_use]
    pub fn frame(&self) -> ByteString {
        text(&Envelope::bare(Category::Ack, Some(Action::Resume), self))
    }
}

/// What somebody of a side has missed. Where there is an `epoch`, it is named.
///
/// Of older messages only those are among the changed ones that were taken back, or deleted by this very side. The
/// member's count of unread messages is there when these messages show all of them; the desk's always is.
#[must_use]
pub fn since<'a>(since: &'a Since, reader: Side, epoch: Option<&'a str>) -> Resumed<'a> {
    let outline = &since.outline;
    let avatar = |message: &Message| match message.sender {
        Party::Admin(id) => since.admins.get(&id)?.avatar.as_deref(),
        Party::Member(_) | Party::System => None,
    };
    let whose = (outline.scope, outline.member);
    let listed = |message: &'a Message| message::listed(message, whose, reader, avatar(message));
    let altered = |message: &'a Message| message::altered(message, outline, reader, avatar(message));
    Resumed {
        place: Place::of(outline, reader),
        seq: outline.head_seq,
        change: outline.change,
        member_read: outline.member_read_seq,
        desk_read: outline.desk_read_seq,
        unread: match reader {
            Side::Member => unread_by_member(since),
            Side::Desk => Some(outline.desk_unread),
        },
        pinned: for_desk(reader, outline.pinned),
        hidden: for_desk(reader, outline.hidden),
        messages: since.messages.iter().map(listed).collect(),
        changed: since.changed.iter().filter_map(altered).collect(),
        more: since.more,
        reset: since.reset,
        since: since.from.map(|from| [from.seq, from.change]),
        epoch,
    }
}

/// The desk's messages above the member's cursor, if all that are above it are here.
fn unread_by_member(since: &Since) -> Option<i64> {
    let read = since.outline.member_read_seq;
    let first = since.messages.first().map_or(since.outline.head_seq + 1, |message| message.seq);
    if since.more || first > read + 1 {
        return None;
    }
    let unread = since.messages.iter().filter(|message| message.seq > read && message.awaits(Side::Member));
    i64::try_from(unread.count()).ok()
}
