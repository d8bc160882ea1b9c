//! The books in the words of kefu.v2.

use serde_json::Value;

use crate::{MessageRow, Side};

/// A message as one side may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: i64,
    /// The sender's key.
    pub key: Option<String>,
    /// Who said it, `member:101`.
    pub from: String,
    /// When, in milliseconds since the epoch.
    pub time: i64,
    /// Its `style`.
    pub style: &'static str,
    /// The message that it quotes.
    pub quote: Option<i64>,
    /// Whether it is a tombstone.
    pub revoked: bool,
    /// Whether this side has deleted it.
    pub deleted: bool,
    said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Text(String),
    /// A card: the same members and values, in any order.
    Card(Value),
}

impl Entry {
    pub(super) fn of(row: &MessageRow, side: Side) -> Self {
        let deleted = if side == Side::Member { row.member_deleted } else { row.desk_deleted } == 1;
        let body: Value = serde_json::from_str(&row.content).unwrap_or_default();
        let field = |name: &str| Said::Text(body[name].as_str().unwrap_or(&row.content).to_owned());
        let (style, said) = match row.kind {
            1 => ("normal", field("text")),
            2 => ("normal", field("picUrl")),
            3 | 4 | 6 => ("normal", field("url")),
            10 => ("card", Said::Card(body)),
            11 => ("order", Said::Card(body)),
            12 => ("assess", Said::Card(body)),
            _ => ("toast", Said::Text(row.content.clone())),
        };
        Self {
            seq: row.seq,
            id: row.id,
            key: row.key.clone(),
            from: format!("{}:{}", if row.sender_type == 1 { "member" } else { "admin" }, row.sender),
            time: row.time,
            style,
            quote: row.quote,
            revoked: row.revoked == 1,
            deleted,
            said: if deleted { Said::Text(String::new()) } else { said },
        }
    }

    /// Whether that is what it says.
    pub(super) fn says(&self, content: &str) -> bool {
        match &self.said {
            Said::Text(text) => text == content,
            Said::Card(card) => serde_json::from_str::<Value>(content).is_ok_and(|said| said == *card),
        }
    }
}
