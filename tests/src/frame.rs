//! What the server says over a socket.

use std::time::Instant;

use serde_json::Value;

use crate::answer::number;

/// A frame that arrived.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Its `type`.
    pub kind: String,
    /// Its `content`, parsed.
    pub content: Value,
    /// When it arrived.
    pub at: Instant,
}

impl Frame {
    pub(crate) fn parse(text: &str) -> Self {
        let outer: Value = serde_json::from_str(text).expect("a frame is JSON");
        let content = outer["content"].as_str().expect("its content is a text");
        Self {
            kind: outer["type"].as_str().expect("its type is a text").to_owned(),
            content: serde_json::from_str(content).expect("the text is JSON"),
            at: Instant::now(),
        }
    }

    /// The message's number, where the frame shows a message.
    #[must_use]
    pub fn seq(&self) -> Option<i64> {
        self.shows_message().then(|| self.content["seq"].as_i64()).flatten()
    }

    /// The message's id, where the frame shows a message.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.shows_message().then(|| number(&self.content["id"])).flatten()
    }

    /// Whether the frame shows a message.
    #[must_use]
    pub fn shows_message(&self) -> bool {
        self.kind == "kefu_message_type"
    }
}
