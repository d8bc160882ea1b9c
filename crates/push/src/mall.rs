//! The mall's JSON: its message object, and its frames, whose content is JSON as text within JSON.

use std::borrow::Cow;

use bytestring::ByteString;
use kefu_domain::{ConversationId, Event, Kind, Message, Party, Side, What};
use serde::{Serialize, Serializer};

use crate::escape::legacy_escape;

/// The type of the frame that shows a message.
pub const POSTED: &str = "kefu_message_type";
/// The type of the frame that says that the desk has read.
pub const DESK_HAS_READ: &str = "kefu_message_read_status_change";

/// The smallest number that the mall writes as a string, since a browser would round its neighbours.
const UNSAFE: u64 = (1 << 53) - 1;

/// An id as the mall writes it: a number, or a string from 2^53 − 1 on, either side of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MallId(pub i64);

impl Serialize for MallId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.unsigned_abs() < UNSAFE { serializer.serialize_i64(self.0) } else { serializer.collect_str(&self.0) }
    }
}

/// A message as the mall's pages know it, in frames and in lists: the mall's eleven members in the mall's order,
/// then ours (`seq`, `change`; where there is one `clientMsgId`, `quoteId` and `quoteSeq`; `revoked` and `deleted` where
/// that is so).
///
/// A frame leaves `readStatus` null, as the mall does; lists fill it. What is not filled in is null.
#[derive(Debug, Clone, Copy)]
pub struct MallMessage<'a> {
    message: &'a Message,
    avatar: Option<&'a str>,
    shows_read: bool,
    escaped: bool,
    deleted: bool,
}

impl<'a> MallMessage<'a> {
    /// The message with its content as it is stored, without picture and reading state.
    #[must_use]
    pub const fn of(message: &'a Message) -> Self {
        Self { message, avatar: None, shows_read: false, escaped: false, deleted: false }
    }

    /// With the sender's picture.
    #[must_use]
    pub const fn with_avatar(self, avatar: Option<&'a str>) -> Self {
        Self { avatar, ..self }
    }

    /// With the message's reading state.
    #[must_use]
    pub const fn with_read_status(self) -> Self {
        Self { shows_read: true, ..self }
    }

    /// With its content through [`legacy_escape`], if the settings say so.
    #[must_use]
    pub const fn escaped(self, legacy_escape: bool) -> Self {
        Self { escaped: legacy_escape, ..self }
    }

    /// As one that its reader has deleted, if it is.
    #[must_use]
    pub const fn as_deleted(self, deleted: bool) -> Self {
        Self { deleted, ..self }
    }

    /// As that side may see it: of a message that it has deleted, nothing is left but the number.
    #[must_use]
    pub const fn seen_by(self, reader: Side) -> Self {
        Self { deleted: self.message.deleted.by(reader), ..self }
    }
}

impl Serialize for MallMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { message, avatar, shows_read, escaped, deleted } = *self;
        let (kind, content) = match (deleted, escaped) {
            (true, _) => (Kind::System.code(), Cow::Borrowed("")),
            (false, true) => (message.kind, legacy_escape(message.kind, &message.content)),
            (false, false) => (message.kind, Cow::Borrowed(message.content.as_str())),
        };
        let quote = message.quote.filter(|_| !deleted);
        Body {
            id: Some(MallId(message.id.0)),
            conversation_id: MallId(message.conversation.0),
            sender_id: Some(MallId(message.sender.id())),
            sender_avatar: avatar,
            sender_type: Some(message.sender.user_type()),
            receiver_id: message.receiver.map(|receiver| MallId(receiver.id())),
            receiver_type: message.receiver.map(Party::user_type),
            content_type: Some(kind),
            content: Some(content),
            read_status: shows_read.then_some(message.read),
            create_time: Some(message.time.0),
            seq: Some(message.seq),
            change: Some(message.change),
            client_msg_id: message.key.as_ref().map(kefu_domain::ClientMsgId::as_str),
            quote_id: quote.map(|quote| MallId(quote.id.0)),
            quote_seq: quote.map(|quote| quote.seq),
            revoked: message.revoked.is_some(),
            deleted,
        }
        .serialize(serializer)
    }
}

/// The one place that knows the names of a message's members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: Option<MallId>,
    conversation_id: MallId,
    sender_id: Option<MallId>,
    sender_avatar: Option<&'a str>,
    sender_type: Option<i32>,
    receiver_id: Option<MallId>,
    receiver_type: Option<i32>,
    content_type: Option<i32>,
    content: Option<Cow<'a, str>>,
    read_status: Option<bool>,
    create_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_id: Option<MallId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_seq: Option<i64>,
    #[serde(skip_serializing_if = "is_not")]
    revoked: bool,
    #[serde(skip_serializing_if = "is_not")]
    deleted: bool,
}

fn is_not(truth: &bool) -> bool {
    !truth
}

/// The frame that shows a message.
pub(crate) fn posted(message: &MallMessage<'_>) -> Result<ByteString, serde_json::Error> {
    Ok(frame(POSTED, &serde_json::to_string(message)?))
}

/// The frame that says that the desk has read.
pub(crate) fn desk_has_read(conversation: ConversationId) -> Result<ByteString, serde_json::Error> {
    Ok(frame(DESK_HAS_READ, &read_body(conversation)?))
}

/// What the mall's own nodes are told of an event, as type and content of a frame; `None` where the mall has no frame
/// for it.
pub fn mall_frame(
    event: &Event,
    avatar: Option<&str>,
    legacy_escape: bool,
) -> Result<Option<(&'static str, String)>, serde_json::Error> {
    Ok(match &event.what {
        What::Posted(message) => {
            let view = MallMessage::of(message).with_avatar(avatar).escaped(legacy_escape);
            Some((POSTED, serde_json::to_string(&view)?))
        }
        What::Read(Side::Desk, _) => Some((DESK_HAS_READ, read_body(event.after.conversation)?)),
        _ => None,
    })
}

/// A message of which only the conversation is known.
fn read_body(conversation: ConversationId) -> Result<String, serde_json::Error> {
    let body = Body {
        id: None,
        conversation_id: MallId(conversation.0),
        sender_id: None,
        sender_avatar: None,
        sender_type: None,
        receiver_id: None,
        receiver_type: None,
        content_type: None,
        content: None,
        read_status: None,
        create_time: None,
        seq: None,
        change: None,
        client_msg_id: None,
        quote_id: None,
        quote_seq: None,
        revoked: false,
        deleted: false,
    };
    serde_json::to_string(&body)
}

/// Any frame.
pub(crate) fn frame(kind: &str, content: &str) -> ByteString {
    // A JSON string's own text cannot fail to be written, unlike a serializer's in general.
    let [kind, content] = [kind, content].map(|text| serde_json::Value::from(text).to_string());
    format!(r#"{{"type":{kind},"content":{content}}}"#).into()
}
