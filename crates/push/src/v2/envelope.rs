//! The envelope, with everything in it that is named.

use std::borrow::Cow;
use std::fmt;

use bytestring::ByteString;
use kefu_domain::{ConversationId, Cursor, MemberId, Outline, Party, ShopId, Side};
use serde::{Serialize, Serializer};

use crate::mall::MallId;

/// What a frame is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// A message.
    Send,
    /// A message is taken back.
    Revoke,
    /// A message is deleted for one side.
    Delete,
    /// A side has read.
    Read,
    /// Who is at the other end of the socket.
    Auth,
    /// What was missed.
    Resume,
    /// Somebody is writing, or has stopped to.
    Typing,
    /// Something else has changed.
    Update,
    /// The server is about to stop.
    Bye,
}

impl Action {
    /// The action of that name, if it is one that clients may ask for.
    pub(super) fn asked(name: &str) -> Option<Self> {
        Some(match name {
            "send" => Self::Send,
            "revoke" => Self::Revoke,
            "delete" => Self::Delete,
            "read" => Self::Read,
            "auth" => Self::Auth,
            "resume" => Self::Resume,
            "typing" => Self::Typing,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Category {
    Customer,
    Manager,
    System,
    Heartbeat,
    Ack,
}

impl Category {
    /// Whose word it is.
    pub(super) const fn of(party: Party) -> Self {
        match party {
            Party::Member(_) => Self::Customer,
            Party::Admin(_) => Self::Manager,
            Party::System => Self::System,
        }
    }

    pub(super) const fn of_side(side: Side) -> Self {
        match side {
            Side::Member => Self::Customer,
            Side::Desk => Self::Manager,
        }
    }
}

/// Whom a frame is from, or to.
#[derive(Clone, Copy)]
pub(super) enum Name {
    Party(Party),
    Shop(ShopId),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(Party::Member(id)) => write!(f, "member:{id}"),
            Self::Party(Party::Admin(id)) => write!(f, "admin:{id}"),
            Self::Party(Party::System) => f.write_str("system"),
            Self::Shop(id) => write!(f, "shop:{id}"),
        }
    }
}

/// How somebody is named: `member:101`.
#[must_use]
pub fn spelled(party: Party) -> String {
    Name::Party(party).to_string()
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A frame. What is not filled in is left out.
#[derive(Serialize)]
pub(super) struct Envelope<'a, E> {
    pub(super) category: Category,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) style: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<MallId>,
    /// Where a click leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) is_read: Option<bool>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) is_revoke: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) is_delete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quote: Option<MallId>,
    pub(super) ext: E,
}

impl<E> Envelope<'_, E> {
    /// A frame that shows no message.
    pub(super) const fn bare(category: Category, action: Option<Action>, ext: E) -> Self {
        Self {
            category,
            action,
            style: None,
            kind: None,
            content: None,
            from: None,
            to: None,
            id: None,
            url: None,
            created_at: None,
            is_read: None,
            is_revoke: false,
            is_delete: false,
            quote: None,
            ext,
        }
    }
}

/// Where something is, for a side: whose conversation it is goes without saying to its member.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Place {
    conversation: MallId,
    shop: MallId,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<MallId>,
}

impl Place {
    pub(super) fn of(outline: &Outline, reader: Side) -> Self {
        Self::at(outline.conversation, outline.scope.shop, outline.member, reader)
    }

    pub(super) fn at(conversation: ConversationId, shop: ShopId, member: MemberId, reader: Side) -> Self {
        let member = for_desk(reader, MallId(member.0));
        Self { conversation: MallId(conversation.0), shop: MallId(shop.0), member }
    }
}

/// What only the desk is told.
pub(super) fn for_desk<T>(reader: Side, value: T) -> Option<T> {
    match reader {
        Side::Member => None,
        Side::Desk => Some(value),
    }
}

/// A cursor as it is written: conversation, `seq`, `change`.
#[derive(Serialize)]
pub(super) struct Triple(MallId, i64, i64);

impl From<&Cursor> for Triple {
    fn from(cursor: &Cursor) -> Self {
        Self(MallId(cursor.conversation.0), cursor.seq, cursor.change)
    }
}

/// The frame as text. Nothing that is made here can fail to be written: all its names are texts, all its numbers
/// finite. Should it ever, the frame says nothing.
pub(super) fn text<T: Serialize>(frame: &T) -> ByteString {
    serde_json::to_string(frame).map_or_else(
        |error| {
            tracing::error!(%error, "could not encode a frame");
            ByteString::from_static("{}")
        },
        ByteString::from,
    )
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
