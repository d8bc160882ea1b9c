//! A message as JSON, all of it: nodes compare keys and show quotes.

use std::borrow::Cow;

use kefu_domain::{ClientMsgId, ConversationId, Deleted, Fingerprint, Message, MessageId, Quote, Timestamp};
use serde::{Deserialize, Serialize};

use super::Who;

#[derive(Serialize, Deserialize)]
pub(super) struct WireMessage<'a> {
    id: i64,
    seq: i64,
    change: i64,
    sender: Who,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver: Option<Who>,
    kind: i32,
    content: Cow<'a, str>,
    read: bool,
    time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Cow<'a, str>>,
    /// Id and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<(i64, i64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<i64>,
    /// By the member, by the desk.
    #[serde(skip_serializing_if = "is_whole", default)]
    deleted: (bool, bool),
}

fn is_whole(deleted: &(bool, bool)) -> bool {
    *deleted == (false, false)
}

impl<'a> From<&'a Message> for WireMessage<'a> {
    fn from(from: &'a Message) -> Self {
        Self {
            id: from.id.0,
            seq: from.seq,
            change: from.change,
            sender: from.sender.into(),
            receiver: from.receiver.map(Who::from),
            kind: from.kind,
            content: Cow::Borrowed(&from.content),
            read: from.read,
            time: from.time.0,
            key: from.key.as_ref().map(|key| Cow::Borrowed(key.as_str())),
            // As text: JSON numbers end at 2^53 for half of the world.
            fingerprint: from.fingerprint.map(|it| format!("{:032x}", u128::from_be_bytes(it.0)).into()),
            quote: from.quote.map(|quote| (quote.id.0, quote.seq)),
            revoked: from.revoked.map(|at| at.0),
            deleted: (from.deleted.by_member, from.deleted.by_desk),
        }
    }
}

impl WireMessage<'_> {
    pub(super) fn read(self, conversation: ConversationId) -> Option<Message> {
        let fingerprint = match self.fingerprint {
            Some(text) if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Some(Fingerprint(u128::from_str_radix(&text, 16).ok()?.to_be_bytes()))
            }
            Some(_) => return None,
            None => None,
        };
        let receiver = match self.receiver {
            Some(who) => Some(who.read()?),
            None => None,
        };
        let key = match self.key {
            Some(key) => Some(ClientMsgId::new(key).ok()?),
            None => None,
        };
        Some(Message {
            id: MessageId(self.id),
            conversation,
            seq: self.seq,
            change: self.change,
            sender: self.sender.read()?,
            receiver,
            kind: self.kind,
            content: self.content.into_owned(),
            read: self.read,
            time: Timestamp(self.time),
            key,
            fingerprint,
            quote: self.quote.map(|(id, seq)| Quote { id: MessageId(id), seq }),
            revoked: self.revoked.map(Timestamp),
            deleted: Deleted { by_member: self.deleted.0, by_desk: self.deleted.1 },
        })
    }
}
