//! Answers to what came up a socket. Each carries back the `client_msg_id` of the frame that it answers.

use std::time::Duration;

use bytestring::ByteString;
use kefu_domain::{ClientMsgId, ConversationId, Cursor, MessageId, Party, Sent, ShopId, Shops, Timestamp};
use serde::Serialize;

use super::envelope::{Action, Category, Envelope, Name, Triple, text};
use crate::mall::MallId;

/// What somebody is told who has just said who they are.
#[derive(Debug, Clone, Copy)]
pub struct Welcome<'a> {
    /// Who they are.
    pub party: Party,
    /// Which life of the database this is.
    pub epoch: &'a str,
    /// What the database's clock shows.
    pub server_time: Timestamp,
    /// How often a heartbeat is expected.
    pub heartbeat: Duration,
    /// Whose news they hear: a member's one shop, all those of an admin.
    pub shops: &'a Shops,
}

/// Why something was not done.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// The code, of the same table as over HTTP.
    pub code: i32,
    /// For people.
    pub msg: &'a str,
    /// When to try again, if that is worth while.
    pub retry_after: Option<Duration>,
    /// The conversation that is meant, where a frame names several.
    pub conversation: Option<ConversationId>,
}

#[derive(Default, Serialize)]
struct Ext<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<MallId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg: Option<&'a str>,
    /// In milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_time: Option<i64>,
    /// In milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    heartbeat: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_shop: Option<MallId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shops: Option<Vec<MallId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heads: Option<Vec<Triple>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate: Option<bool>,
}

fn ack<'a>(action: Option<Action>, ext: Ext<'a>, key: Option<&'a ClientMsgId>) -> Envelope<'a, Ext<'a>> {
    let client_msg_id = key.map(ClientMsgId::as_str);
    Envelope::bare(Category::Ack, action, Ext { client_msg_id, ..ext })
}

/// Answers `auth`: who somebody is, and what they need to know before anything else.
#[must_use]
pub fn welcome(welcome: &Welcome<'_>, key: Option<&ClientMsgId>) -> ByteString {
    let mut shops = welcome.shops.iter().map(|shop: &ShopId| MallId(shop.0));
    let (member_shop, shops) = match welcome.party {
        Party::Member(_) => (shops.next(), None),
        Party::Admin(_) | Party::System => (None, Some(shops.collect())),
    };
    let ext = Ext {
        epoch: Some(welcome.epoch),
        server_time: Some(welcome.server_time.0),
        heartbeat: Some(welcome.heartbeat.as_millis()),
        member_shop,
        shops,
        ..Ext::default()
    };
    text(&Envelope { from: Some(Name::Party(welcome.party)), ..ack(Some(Action::Auth), ext, key) })
}

/// Answers `send`: the message is stored, now or before.
#[must_use]
pub fn sent(sent: &Sent, key: Option<&ClientMsgId>) -> ByteString {
    let MessageId(id) = sent.message.id;
    let ext = Ext {
        conversation: Some(MallId(sent.message.conversation.0)),
        seq: Some(sent.message.seq),
        change: Some(sent.message.change),
        duplicate: sent.duplicate.then_some(true),
        ..Ext::default()
    };
    let created_at = Some(sent.message.time.0);
    text(&Envelope { id: Some(MallId(id)), created_at, ..ack(Some(Action::Send), ext, key) })
}

/// Answers what has no other answer than that it is done, and, where it is known, the number of the conversation's
/// change.
#[must_use]
pub fn done(action: Action, at: Option<Cursor>, key: Option<&ClientMsgId>) -> ByteString {
    let ext = at.map_or_else(Ext::default, |at| Ext {
        conversation: Some(MallId(at.conversation.0)),
        change: Some(at.change),
        ..Ext::default()
    });
    text(&ack(Some(action), ext, key))
}

/// Answers `resume` of a member who has no conversation yet.
#[must_use]
pub fn nothing_to_resume(epoch: &str, key: Option<&ClientMsgId>) -> ByteString {
    text(&ack(Some(Action::Resume), Ext { epoch: Some(epoch), ..Ext::default() }, key))
}

/// Answers what was not done. Without an action: a frame of which not even that was understood.
#[must_use]
pub fn refused(action: Option<Action>, refusal: &Refusal<'_>, key: Option<&ClientMsgId>) -> ByteString {
    let ext = Ext {
        conversation: refusal.conversation.map(|conversation| MallId(conversation.0)),
        code: Some(refusal.code),
        msg: Some(refusal.msg),
        retry_after: refusal.retry_after.map(|after| after.as_millis()),
        ..Ext::default()
    };
    text(&ack(action, ext, key))
}

/// Answers a heartbeat: where the conversations stand that the socket follows.
#[must_use]
pub fn heartbeat(server_time: Timestamp, epoch: &str, heads: &[Cursor]) -> ByteString {
    let ext = Ext {
        server_time: Some(server_time.0),
        epoch: Some(epoch),
        heads: Some(heads.iter().map(Triple::from).collect()),
        ..Ext::default()
    };
    text(&Envelope::bare(Category::Heartbeat, None, ext))
}
