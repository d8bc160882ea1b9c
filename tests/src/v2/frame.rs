//! A frame of the dialect, both ways.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::answer::number;

/// How far somebody has come in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Which conversation.
    pub conversation: i64,
    /// The last message's number.
    pub seq: i64,
    /// The last change.
    pub change: i64,
}

impl Cursor {
    /// As the wire has it.
    #[must_use]
    pub fn to_json(self) -> Value {
        json!([id(self.conversation), self.seq, self.change])
    }

    /// From the wire.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let [conversation, seq, change] = value.as_array()?.as_slice() else { return None };
        Some(Self { conversation: number(conversation)?, seq: seq.as_i64()?, change: change.as_i64()? })
    }
}

/// An id as the wire has it: a number as long as a browser can count so far, a text beyond.
fn id(id: i64) -> Value {
    const COUNTABLE: i64 = (1 << 53) - 1;
    if (-COUNTABLE + 1..COUNTABLE).contains(&id) { id.into() } else { id.to_string().into() }
}

/// A frame that arrived.
#[derive(Debug, Clone)]
pub struct V2Frame {
    /// All of it.
    pub value: Value,
    /// When it arrived.
    pub at: Instant,
    /// On which connection, the first being 1.
    pub connection: usize,
}

impl V2Frame {
    /// Reads one.
    ///
    /// # Panics
    ///
    /// When it is not an object of JSON.
    #[must_use]
    pub fn parse(text: &str, connection: usize) -> Self {
        let value: Value = serde_json::from_str(text).expect("a frame is JSON");
        assert!(value.is_object(), "a frame is an object");
        Self { value, at: Instant::now(), connection }
    }

    /// A field's text, or nothing of it.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.value[field].as_str().unwrap_or_default()
    }

    /// Its `category`.
    #[must_use]
    pub fn category(&self) -> &str {
        self.text("category")
    }

    /// Its `action`.
    #[must_use]
    pub fn action(&self) -> &str {
        self.text("action")
    }

    /// A flag; absent is false.
    #[must_use]
    pub fn flag(&self, field: &str) -> bool {
        self.value[field].as_bool().unwrap_or(false)
    }

    /// Its `id`.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        number(&self.value["id"])
    }

    /// A field of its `ext`.
    #[must_use]
    pub fn ext(&self, field: &str) -> &Value {
        &self.value["ext"][field]
    }

    /// A number of its `ext`.
    #[must_use]
    pub fn ext_number(&self, field: &str) -> Option<i64> {
        number(self.ext(field))
    }

    /// The conversation it speaks of.
    #[must_use]
    pub fn conversation(&self) -> Option<i64> {
        self.ext_number("conversation")
    }

    /// The conversation's change that it tells of.
    #[must_use]
    pub fn change(&self) -> Option<i64> {
        self.ext_number("change")
    }

    /// The number of the message that it shows.
    #[must_use]
    pub fn seq(&self) -> Option<i64> {
        self.ext_number("seq")
    }

    /// The correlation: the key of a sending.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.ext("client_msg_id").as_str()
    }

    /// The code of an answer; 0 where all is well.
    #[must_use]
    pub fn code(&self) -> i64 {
        self.ext_number("code").unwrap_or(0)
    }

    /// Whether it tells of a change of a conversation that its party is entitled to.
    #[must_use]
    pub fn is_news(&self) -> bool {
        ["customer", "manager", "system"].contains(&self.category()) && self.change().is_some()
    }

    /// Whether it shows a message for the first time.
    #[must_use]
    pub fn shows_message(&self) -> bool {
        self.is_news() && self.action() == "send"
    }
}

/// The first frame.
pub(super) fn auth(token: &str, shop: Option<i64>, epoch: Option<&str>, resume: Option<Vec<Cursor>>) -> Value {
    let mut ext = Map::new();
    ext.extend(shop.map(|shop| ("shop".to_owned(), shop.into())));
    ext.extend(epoch.map(|epoch| ("epoch".to_owned(), epoch.into())));
    ext.extend(resume.map(|cursors| ("resume".to_owned(), all(cursors))));
    json!({ "action": "auth", "content": token, "ext": ext })
}

/// Asks for what is missing.
pub(super) fn resume(epoch: Option<&str>, cursors: Vec<Cursor>) -> Value {
    let mut ext = Map::from_iter([("resume".to_owned(), all(cursors))]);
    ext.extend(epoch.map(|epoch| ("epoch".to_owned(), epoch.into())));
    json!({ "action": "resume", "ext": ext })
}

/// Says that the client lives, and what it has.
pub(super) fn heartbeat(received: Vec<Cursor>) -> Value {
    json!({ "category": "heartbeat", "ext": { "received": all(received) } })
}

/// Says what the client has.
pub(super) fn receive(received: Vec<Cursor>) -> Value {
    json!({ "category": "receive", "ext": { "received": all(received) } })
}

/// A text to be sent.
pub(super) fn send(conversation: Option<i64>, text: &str, quote: Option<i64>) -> Value {
    send_as(conversation, ("normal", "text"), text, quote)
}

/// Anything to be sent, by its style and kind.
pub(super) fn send_as(conversation: Option<i64>, as_what: (&str, &str), content: &str, quote: Option<i64>) -> Value {
    let (style, kind) = as_what;
    let mut frame = json!({ "action": "send", "style": style, "kind": kind, "content": content, "ext": {} });
    if let Some(conversation) = conversation {
        frame["ext"]["conversation"] = id(conversation);
    }
    if let Some(quote) = quote {
        frame["quote"] = id(quote);
    }
    frame
}

/// Something that concerns one message: `revoke`, `delete`.
pub(super) fn about(action: &str, conversation: Option<i64>, message: i64) -> Value {
    let mut frame = json!({ "action": action, "quote": id(message), "ext": {} });
    if let Some(conversation) = conversation {
        frame["ext"]["conversation"] = id(conversation);
    }
    frame
}

/// That a conversation was read so far.
pub(super) fn read(conversation: i64, seq: i64) -> Value {
    json!({ "action": "read", "ext": { "conversation": id(conversation), "seq": seq } })
}

/// That somebody is writing, or no longer.
pub(super) fn typing(conversation: i64, on: bool) -> Value {
    let content = if on { "on" } else { "off" };
    json!({ "action": "typing", "content": content, "ext": { "conversation": id(conversation) } })
}

fn all(cursors: Vec<Cursor>) -> Value {
    cursors.into_iter().map(Cursor::to_json).collect()
}
