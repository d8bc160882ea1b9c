//! An event as JSON.

use std::borrow::Cow;

use kefu_domain::{Announcement, ConversationId, Event, MemberId, Outline, Scope, ShopId, Side, TenantId, What};
use serde::{Deserialize, Serialize};

use super::Who;
use super::message::WireMessage;

#[derive(Serialize, Deserialize)]
pub(super) struct News<'a> {
    conversation: i64,
    tenant: i64,
    shop: i64,
    member: i64,
    head: i64,
    change: i64,
    member_read: i64,
    desk_read: i64,
    unread: i64,
    pinned: bool,
    hidden: bool,
    by: Who,
    what: WireWhat<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireWhat<'a> {
    Posted(WireMessage<'a>),
    Read(WireSide, i64),
    Pinned(bool),
    Hidden,
    Revoked(WireMessage<'a>),
    Deleted(WireSide, WireMessage<'a>),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireSide {
    Member,
    Desk,
}

impl From<Side> for WireSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Member => Self::Member,
            Side::Desk => Self::Desk,
        }
    }
}

impl From<WireSide> for Side {
    fn from(side: WireSide) -> Self {
        match side {
            WireSide::Member => Self::Member,
            WireSide::Desk => Self::Desk,
        }
    }
}

impl<'a> News<'a> {
    /// What this node has found out only now, others find out by themselves.
    pub(super) fn of(event: &'a Event, avatar: Option<&'a str>) -> Option<Self> {
        let what = match &event.what {
            What::Posted(message) => WireWhat::Posted(message.into()),
            What::Read(side, up_to) => WireWhat::Read((*side).into(), *up_to),
            What::Pinned(pinned) => WireWhat::Pinned(*pinned),
            What::Hidden => WireWhat::Hidden,
            What::Revoked(message) => WireWhat::Revoked(message.into()),
            What::Deleted(side, message) => WireWhat::Deleted((*side).into(), message.into()),
            What::CaughtUp(_) => return None,
        };
        let after = &event.after;
        Some(Self {
            conversation: after.conversation.0,
            tenant: after.scope.tenant.0,
            shop: after.scope.shop.0,
            member: after.member.0,
            head: after.head_seq,
            change: after.change,
            member_read: after.member_read_seq,
            desk_read: after.desk_read_seq,
            unread: after.desk_unread,
            pinned: after.pinned,
            hidden: after.hidden,
            by: event.by.into(),
            what,
            avatar: avatar.map(Cow::Borrowed),
        })
    }

    /// The announcement, unless its numbers cannot be a conversation's.
    pub(super) fn read(self) -> Option<Announcement> {
        let counted = 1..=self.head;
        let read = 0..=self.head;
        let holds = self.change >= 1
            && self.head >= 0
            && read.contains(&self.member_read)
            && read.contains(&self.desk_read)
            && read.contains(&self.unread);
        if !holds {
            return None;
        }
        let conversation = ConversationId(self.conversation);
        let message = |wire: WireMessage<'a>| {
            wire.read(conversation).filter(|it| counted.contains(&it.seq) && (0..=self.change).contains(&it.change))
        };
        let what = match self.what {
            WireWhat::Posted(wire) => What::Posted(message(wire)?),
            WireWhat::Read(side, up_to) => What::Read(side.into(), read.contains(&up_to).then_some(up_to)?),
            WireWhat::Pinned(pinned) => What::Pinned(pinned),
            WireWhat::Hidden => What::Hidden,
            WireWhat::Revoked(wire) => What::Revoked(message(wire)?),
            WireWhat::Deleted(side, wire) => What::Deleted(side.into(), message(wire)?),
        };
        let after = Outline {
            conversation,
            scope: Scope { tenant: TenantId(self.tenant), shop: ShopId(self.shop) },
            member: MemberId(self.member),
            head_seq: self.head,
            change: self.change,
            member_read_seq: self.member_read,
            desk_read_seq: self.desk_read,
            desk_unread: self.unread,
            pinned: self.pinned,
            hidden: self.hidden,
        };
        let event = Event { after, by: self.by.read()?, what };
        Some(Announcement { event, avatar: self.avatar.map(Cow::into_owned), handed: None })
    }
}
