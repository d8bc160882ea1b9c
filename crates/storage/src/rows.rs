//! The mall's rows, and what they mean. The only place where a column meets a field of the domain.

use std::borrow::Cow;

use diesel::prelude::*;
use kefu_domain::{
    ClientMsgId, Conversation, ConversationId, ConversationState, Deleted, Fingerprint, LastMessage, MemberId, Message,
    MessageId, Party, Quote, Scope, ShopId, TenantId, Timestamp, shown,
};

use crate::StorageOffset;
use crate::schema::{promotion_kefu_conversation, promotion_kefu_message};
use crate::stored::Stored;

/// A conversation's row, all that is ever written back of it.
#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = promotion_kefu_conversation, treat_none_as_default_value = false)]
pub(crate) struct ConversationRow {
    pub(crate) id: i64,
    user_id: i64,
    last_message_time: Stored,
    last_message_content: String,
    last_message_content_type: i32,
    admin_pinned: bool,
    user_deleted: bool,
    admin_deleted: bool,
    admin_unread_message_count: i32,
    create_time: Stored,
    update_time: Stored,
    tenant_id: i64,
    shop_id: i64,
    head_seq: i64,
    change_no: i64,
    member_read_seq: i64,
    admin_read_seq: i64,
    change_time: Option<Stored>,
}

impl ConversationRow {
    pub(crate) fn of(conversation: &Conversation, now: Timestamp, offset: StorageOffset) -> Self {
        Self {
            id: conversation.id.0,
            user_id: conversation.member.0,
            last_message_time: offset.stored(conversation.last.time),
            last_message_content: conversation.last.content.clone(),
            last_message_content_type: conversation.last.kind,
            admin_pinned: conversation.pinned,
            user_deleted: conversation.hidden_from_member,
            admin_deleted: conversation.hidden_from_desk,
            admin_unread_message_count: i32::try_from(conversation.desk_unread).unwrap_or(i32::MAX),
            create_time: offset.stored(conversation.created),
            update_time: offset.stored(now),
            tenant_id: conversation.scope.tenant.0,
            shop_id: conversation.scope.shop.0,
            head_seq: conversation.head_seq,
            change_no: conversation.change,
            member_read_seq: conversation.member_read_seq,
            admin_read_seq: conversation.desk_read_seq,
            change_time: Some(offset.stored(conversation.changed)),
        }
    }

    pub(crate) fn conversation(self, offset: StorageOffset) -> Conversation {
        let last = offset.instant(self.last_message_time);
        Conversation::restore(ConversationState {
            id: ConversationId(self.id),
            scope: Scope { tenant: TenantId(self.tenant_id), shop: ShopId(self.shop_id) },
            member: MemberId(self.user_id),
            created: offset.instant(self.create_time),
            last: LastMessage { time: last, content: self.last_message_content, kind: self.last_message_content_type },
            pinned: self.admin_pinned,
            hidden_from_member: self.user_deleted,
            hidden_from_desk: self.admin_deleted,
            desk_unread: i64::from(self.admin_unread_message_count),
            head_seq: self.head_seq,
            change: self.change_no,
            changed: self.change_time.map_or(last, |time| offset.instant(time)),
            member_read_seq: self.member_read_seq,
            desk_read_seq: self.admin_read_seq,
        })
    }
}

/// A message as it is read.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = promotion_kefu_message)]
pub(crate) struct MessageRow {
    pub(crate) id: i64,
    conversation_id: i64,
    sender_id: i64,
    sender_type: i32,
    receiver_id: Option<i64>,
    receiver_type: Option<i32>,
    content_type: i32,
    content: String,
    read_status: bool,
    pub(crate) create_time: Stored,
    seq: Option<i64>,
    change_no: Option<i64>,
    client_msg_id: Option<String>,
    fingerprint: Option<Vec<u8>>,
    quote_id: Option<i64>,
    quote_seq: Option<i64>,
    revoked_time: Option<Stored>,
    member_deleted: bool,
    admin_deleted: bool,
}

impl MessageRow {
    /// The message; one that the mall's own server wrote has no number yet and shows 0.
    pub(crate) fn message(self, offset: StorageOffset) -> Message {
        // What we wrote went through the rules, and says so with its fingerprint.
        let (kind, content) = match self.fingerprint.is_some() || self.revoked_time.is_some() {
            true => (self.content_type, self.content),
            false => safe(self.content_type, self.content),
        };
        Message {
            id: MessageId(self.id),
            conversation: ConversationId(self.conversation_id),
            seq: self.seq.unwrap_or(0),
            change: self.change_no.unwrap_or(0),
            sender: Party::of(self.sender_type, self.sender_id),
            receiver: self.receiver_type.zip(self.receiver_id).map(|(kind, id)| Party::of(kind, id)),
            kind,
            content,
            read: self.read_status,
            time: offset.instant(self.create_time),
            key: self.client_msg_id.and_then(|key| ClientMsgId::new(key).ok()),
            fingerprint: self.fingerprint.and_then(|bytes| bytes.try_into().ok()).map(Fingerprint),
            quote: self.quote_id.zip(self.quote_seq).map(|(id, seq)| Quote { id: MessageId(id), seq }),
            revoked: self.revoked_time.map(|time| offset.instant(time)),
            deleted: Deleted { by_member: self.member_deleted, by_desk: self.admin_deleted },
        }
    }
}

/// A content that the mall's own server may have written, as pages can bear it. The row stays as it is.
fn safe(kind: i32, raw: String) -> (i32, String) {
    match shown(kind, &raw) {
        (kind, Cow::Borrowed(_)) => (kind, raw),
        (kind, Cow::Owned(body)) => (kind, body),
    }
}

/// A message as it is written.
#[derive(Debug, Insertable)]
#[diesel(table_name = promotion_kefu_message, treat_none_as_default_value = false)]
pub(crate) struct NewMessage {
    conversation_id: i64,
    sender_id: i64,
    sender_type: i32,
    receiver_id: Option<i64>,
    receiver_type: Option<i32>,
    content_type: i32,
    content: String,
    read_status: bool,
    creator: String,
    create_time: Stored,
    updater: String,
    update_time: Stored,
    tenant_id: i64,
    seq: i64,
    change_no: i64,
    client_msg_id: Option<String>,
    fingerprint: Option<Vec<u8>>,
    quote_id: Option<i64>,
    quote_seq: Option<i64>,
}

impl NewMessage {
    pub(crate) fn of(message: &Message, tenant: TenantId, offset: StorageOffset) -> Self {
        let time = offset.stored(message.time);
        Self {
            conversation_id: message.conversation.0,
            sender_id: message.sender.id(),
            sender_type: message.sender.user_type(),
            receiver_id: message.receiver.map(Party::id),
            receiver_type: message.receiver.map(Party::user_type),
            content_type: message.kind,
            content: message.content.clone(),
            read_status: message.read,
            creator: message.sender.id().to_string(),
            create_time: time,
            updater: message.sender.id().to_string(),
            update_time: whole_second(time),
            tenant_id: tenant.0,
            seq: message.seq,
            change_no: message.change,
            client_msg_id: message.key.as_ref().map(ToString::to_string),
            fingerprint: message.fingerprint.map(|fingerprint| fingerprint.0.to_vec()),
            quote_id: message.quote.map(|quote| quote.id.0),
            quote_seq: message.quote.map(|quote| quote.seq),
        }
    }
}

/// What has become of a stored message. Of one that a side has deleted nothing else changes: it may be as the mall's
/// own server wrote it.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = promotion_kefu_message, treat_none_as_null = true)]
pub(crate) struct Fate {
    update_time: Stored,
    change_no: i64,
    revoked_time: Option<Stored>,
    member_deleted: bool,
    admin_deleted: bool,
}

impl Fate {
    pub(crate) fn of(message: &Message, now: Timestamp, offset: StorageOffset) -> Self {
        Self {
            update_time: whole_second(offset.stored(now)),
            change_no: message.change,
            revoked_time: message.revoked.map(|time| offset.stored(time)),
            member_deleted: message.deleted.by_member,
            admin_deleted: message.deleted.by_desk,
        }
    }
}

/// What is left of a message that was taken back.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = promotion_kefu_message, treat_none_as_null = true)]
pub(crate) struct Tombstone {
    content_type: i32,
    content: String,
    quote_id: Option<i64>,
    quote_seq: Option<i64>,
}

impl Tombstone {
    pub(crate) fn of(message: &Message) -> Option<Self> {
        message.revoked.map(|_| Self {
            content_type: message.kind,
            content: message.content.clone(),
            quote_id: message.quote.map(|quote| quote.id.0),
            quote_seq: message.quote.map(|quote| quote.seq),
        })
    }
}

/// The second that a time lies in. The messages' `update_time` has no fraction, and MySQL would round it up
/// into the future.
pub(crate) const fn whole_second(time: Stored) -> Stored {
    Stored(time.0 - time.0.rem_euclid(1000))
}
