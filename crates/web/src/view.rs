//! What is shown: the JSON names of lists and conversations.

use std::borrow::Cow;

use kefu::{History, Listed};
use kefu_domain::Party;
use kefu_push::{MallId, MallMessage, legacy_escape};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

/// An array of messages. Pictures only of admins, as in the mall: the pages know their member's.
pub(crate) struct HistoryView {
    pub(crate) history: History,
    pub(crate) legacy_escape: bool,
}

impl Serialize for HistoryView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.history.messages.len()))?;
        for message in &self.history.messages {
            let avatar = match message.sender {
                Party::Admin(id) => self.history.admins.get(&id).and_then(|profile| profile.avatar.as_deref()),
                Party::Member(_) | Party::System => None,
            };
            let view = MallMessage::of(message).with_avatar(avatar).with_read_status().escaped(self.legacy_escape);
            list.serialize_element(&view)?;
        }
        list.end()
    }
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
}
