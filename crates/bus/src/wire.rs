//! Hints as bytes: JSON with a version. Whatever comes from Redis may be anybody's.

mod message;
mod news;

use std::borrow::Cow;

use kefu_domain::{Announcement, ConversationId, Event, MemberId, Party, Scope, ShopId, TenantId, Typing};
use serde::{Deserialize, Serialize};

use crate::NodeId;
use news::News;

/// Nodes of another version are not understood; they find the news in the database.
const VERSION: u8 = 1;
/// A hint that is longer is not sent, and not read. The longest message with all its escapes takes a fifth of it.
pub(crate) const LONGEST: usize = 256 * 1024;

/// What a hint says.
#[derive(Debug, Clone)]
pub(crate) enum Hint {
    News(Box<Announcement>),
    Typing(Typing),
}

/// Why bytes are no hint for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strange {
    /// This node has said it itself.
    Own,
    /// Nobody of ours has said it.
    Bad,
}

#[derive(Serialize, Deserialize)]
struct Letter<'a> {
    v: u8,
    node: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    news: Option<News<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typing: Option<WireTyping>,
}

/// Who says hints, and knows its own again without reading them.
pub(crate) struct Hand {
    node: String,
    opening: String,
}

impl Hand {
    pub(crate) fn of(node: NodeId) -> Self {
        let node = node.hex();
        let opening = format!(r#"{{"v":{VERSION},"node":"{node}","#);
        Self { node, opening }
    }

    /// The news as bytes; `None` where there is nothing in them for other nodes, or too much.
    pub(crate) fn news(&self, event: &Event, avatar: Option<&str>) -> Option<Vec<u8>> {
        let news = News::of(event, avatar)?;
        self.write(Letter { v: VERSION, node: Cow::Borrowed(&self.node), news: Some(news), typing: None })
    }

    pub(crate) fn typing(&self, typing: &Typing) -> Option<Vec<u8>> {
        let typing = Some(WireTyping::from(typing));
        self.write(Letter { v: VERSION, node: Cow::Borrowed(&self.node), news: None, typing })
    }

    pub(crate) fn read(&self, bytes: &[u8]) -> Result<Hint, Strange> {
        if bytes.starts_with(self.opening.as_bytes()) {
            return Err(Strange::Own);
        }
        if bytes.len() > LONGEST {
            return Err(Strange::Bad);
        }
        let letter: Letter<'_> = serde_json::from_slice(bytes).map_err(|_| Strange::Bad)?;
        if letter.node == self.node {
            return Err(Strange::Own);
        }
        let hint = match letter {
            Letter { v: VERSION, news: Some(news), typing: None, .. } => news.read().map(Box::new).map(Hint::News),
            Letter { v: VERSION, news: None, typing: Some(typing), .. } => typing.read().map(Hint::Typing),
            Letter { .. } => None,
        };
        hint.ok_or(Strange::Bad)
    }

    fn write(&self, letter: Letter<'_>) -> Option<Vec<u8>> {
        let bytes = serde_json::to_vec(&letter).ok()?;
        (bytes.len() <= LONGEST).then_some(bytes)
    }
}

/// A person as (user type, id).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Who(i32, i64);

impl From<Party> for Who {
    fn from(party: Party) -> Self {
        Self(party.user_type(), party.id())
    }
}

impl Who {
    fn read(self) -> Option<Party> {
        let party = Party::of(self.0, self.1);
        (party.user_type() == self.0 && party.id() == self.1).then_some(party)
    }
}

#[derive(Serialize, Deserialize)]
struct WireTyping {
    conversation: i64,
    tenant: i64,
    shop: i64,
    member: i64,
    by: Who,
    on: bool,
}

impl From<&Typing> for WireTyping {
    fn from(from: &Typing) -> Self {
        Self {
            conversation: from.conversation.0,
            tenant: from.scope.tenant.0,
            shop: from.scope.shop.0,
            member: from.member.0,
            by: from.by.into(),
            on: from.on,
        }
    }
}

impl WireTyping {
    fn read(self) -> Option<Typing> {
        Some(Typing {
            scope: Scope { tenant: TenantId(self.tenant), shop: ShopId(self.shop) },
            conversation: ConversationId(self.conversation),
            member: MemberId(self.member),
            by: self.by.read()?,
            on: self.on,
        })
    }
}

#[cfg(test)]
mod tests;
