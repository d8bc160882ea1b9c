//! What is shown: the JSON names of lists and conversations.

use std::borrow::Cow;
use std::collections::HashMap;

use kefu::{History, Listed};
use kefu_domain::{AdminId, MemberId, Message, Party, Profile, Scope, Side, Since};
use kefu_push::{MallId, MallMessage, legacy_escape, v2};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// An array of messages, for somebody of a side.
pub(crate) struct HistoryView {
    pub(crate) history: History,
    pub(crate) reader: Side,
    pub(crate) written: Written,
}

/// How messages are written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Written {
    /// As the mall writes them.
    Mall { legacy_escape: bool },
    /// As `kefu.v2` does: in this scope, in the conversation of this member.
    V2(Scope, MemberId),
}

impl Serialize for HistoryView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { history: History { messages, admins, .. }, reader, written } = self;
        match *written {
            Written::Mall { legacy_escape } => {
                Messages { messages, admins, reader: *reader, legacy_escape }.serialize(serializer)
            }
            Written::V2(scope, member) => {
                let shown = |message| v2::message(message, (scope, member), *reader, avatar(message, admins));
                serializer.collect_seq(messages.iter().map(shown))
            }
        }
    }
}

/// The picture of an admin. Those of members are not shown in lists, as in the mall: the pages know their member's.
fn avatar<'a>(message: &Message, admins: &'a HashMap<AdminId, Profile>) -> Option<&'a str> {
    match message.sender {
        Party::Admin(id) => admins.get(&id)?.avatar.as_deref(),
        Party::Member(_) | Party::System => None,
    }
}

/// Messages as the mall writes them.
struct Messages<'a> {
    messages: &'a [Message],
    admins: &'a HashMap<AdminId, Profile>,
    reader: Side,
    legacy_escape: bool,
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.messages.len()))?;
        for message in self.messages {
            let view = MallMessage::of(message).with_avatar(avatar(message, self.admins)).with_read_status();
            list.serialize_element(&view.escaped(self.legacy_escape).seen_by(self.reader))?;
        }
        list.end()
    }
}

/// What has become of a conversation, in the mall's spelling.
pub(crate) struct ChangesView {
    pub(crate) since: Since,
    pub(crate) reader: Side,
    pub(crate) epoch: String,
    pub(crate) legacy_escape: bool,
}

impl Serialize for ChangesView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Since { outline, from, changed, reset, more, admins, .. } = &self.since;
        let messages = |messages| Messages { messages, admins, reader: self.reader, legacy_escape: self.legacy_escape };
        let desk = self.reader == Side::Desk;
        Changes {
            conversation_id: MallId(outline.conversation.0),
            shop_id: MallId(outline.scope.shop.0),
            user_id: MallId(outline.member.0),
            seq: outline.head_seq,
            change: outline.change,
            member_read_seq: outline.member_read_seq,
            admin_read_seq: outline.desk_read_seq,
            admin_unread_message_count: desk.then_some(outline.desk_unread),
            admin_pinned: desk.then_some(outline.pinned),
            admin_deleted: desk.then_some(outline.hidden),
            messages: messages(self.since.messages.as_slice()),
            changed: messages(changed),
            more: *more,
            reset: *reset,
            since: from.map(|from| [from.seq, from.change]),
            epoch: &self.epoch,
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changes<'a> {
    conversation_id: MallId,
    shop_id: MallId,
    user_id: MallId,
    seq: i64,
    change: i64,
    member_read_seq: i64,
    admin_read_seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_unread_message_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_deleted: Option<bool>,
    messages: Messages<'a>,
    changed: Messages<'a>,
    more: bool,
    reset: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<[i64; 2]>,
    epoch: &'a str,
}

/// A line of the desk's list.
pub(crate) struct ConversationView {
    pub(crate) listed: Listed,
    pub(crate) legacy_escape: bool,
}

impl Serialize for ConversationView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let conversation = &self.listed.conversation;
        let last = &conversation.last;
        let (kind, content) = last.shown();
        let content = match &content {
            content if self.legacy_escape => legacy_escape(kind, content),
            content => Cow::Borrowed(content.as_ref()),
        };
        Body {
            id: MallId(conversation.id.0),
            user_id: MallId(conversation.member.0),
            user_avatar: self.listed.member.avatar.as_deref(),
            user_nickname: self.listed.member.nickname.as_deref(),
            last_message_time: last.time.0,
            last_message_content: content,
            last_message_content_type: kind,
            admin_pinned: conversation.pinned,
            user_deleted: conversation.hidden_from_member,
            admin_deleted: conversation.hidden_from_desk,
            admin_unread_message_count: conversation.desk_unread,
            create_time: conversation.created.0,
            seq: conversation.head_seq,
            change: conversation.change,
            shop_id: MallId(conversation.scope.shop.0),
            change_time: conversation.changed.0,
            member_read_seq: conversation.member_read_seq,
            admin_read_seq: conversation.desk_read_seq,
        }
        .serialize(serializer)
    }
}

/// The mall's twelve members in the mall's order, then ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: MallId,
    user_id: MallId,
    user_avatar: Option<&'a str>,
    user_nickname: Option<&'a str>,
    last_message_time: i64,
    last_message_content: Cow<'a, str>,
    last_message_content_type: i32,
    admin_pinned: bool,
    user_deleted: bool,
    admin_deleted: bool,
    admin_unread_message_count: i64,
    create_time: i64,
    seq: i64,
    change: i64,
    shop_id: MallId,
    change_time: i64,
    member_read_seq: i64,
    admin_read_seq: i64,
}
