//! What can be said. [`Content::new`] is the only way to a content: it normalises what the mall's pages can
//! show and refuses what would break them.

mod card;
mod media;
mod shown;

use serde_json::{Map, Value};

pub use media::is_address;
pub use shown::shown;

use crate::{Fingerprint, Side};

/// The longest content, in characters, counted as submitted, before anything is wrapped.
pub const MAX_CHARS: usize = 8_192;

/// The kinds of content, with the mall's numbers; 6 and 12 are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `{"text"}`.
    Text,
    /// `{"picUrl"}`.
    Picture,
    /// `{"url", "duration"?}`.
    Voice,
    /// `{"url", "duration"?}`.
    Video,
    /// A grey line, plain text; the desk only.
    System,
    /// `{"url", "name", "size"}`.
    File,
    /// A product card.
    Product,
    /// An order card.
    Order,
    /// An invitation to rate, `{}`; the desk only.
    Rating,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Picture,
        Self::Voice,
        Self::Video,
        Self::System,
        Self::File,
        Self::Product,
        Self::Order,
        Self::Rating,
    ];

    /// The mall's `contentType`.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Text => 1,
            Self::Picture => 2,
            Self::Voice => 3,
            Self::Video => 4,
            Self::System => 5,
            Self::File => 6,
            Self::Product => 10,
            Self::Order => 11,
            Self::Rating => 12,
        }
    }

    /// The kind of a `contentType`, if there is one.
    #[must_use]
    pub fn of(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| i64::from(kind.code()) == code)
    }

    /// Whether a side may say this: system lines and invitations to rate come from the desk only.
    #[must_use]
    pub const fn may_be_said_by(self, side: Side) -> bool {
        !matches!((self, side), (Self::System | Self::Rating, Side::Member))
    }
}

/// Why a content is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// Nothing in it.
    #[error("content is empty")]
    Empty,
    /// More than [`MAX_CHARS`] characters.
    #[error("content has more than {MAX_CHARS} characters")]
    TooLong,
    /// No such kind.
    #[error("content type {0} is not known")]
    UnknownKind(i64),
    /// Only the desk says this.
    #[error("content type {0} cannot be sent by a member")]
    NotForMembers(i32),
    /// Not what this kind looks like.
    #[error("content does not have the shape of its type: {0}")]
    Shape(&'static str),
}

/// An acceptable content, normalised, with the fingerprint of what was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    kind: Kind,
    body: String,
    fingerprint: Fingerprint,
}

impl Content {
    /// Normalises a submitted content, or says why it cannot be kept.
    ///
    /// A text becomes `{"text"}` unless it is that already, so a text that parses to `null` or to a number can
    /// no longer crash a page. Bare addresses of pictures, voices and videos are wrapped. Cards must have the
    /// members that the mall's pages read.
    pub fn new(kind: Kind, submitted: &str) -> Result<Self, ContentError> {
        if submitted.is_empty() {
            return Err(ContentError::Empty);
        }
        if submitted.chars().nth(MAX_CHARS).is_some() {
            return Err(ContentError::TooLong);
        }
        Ok(Self { kind, body: normal(kind, submitted)?, fingerprint: Fingerprint::of(kind.code(), submitted) })
    }

    /// The same, for a `contentType` as it was sent and the side that sends it.
    pub fn said_by(side: Side, code: i64, submitted: &str) -> Result<Self, ContentError> {
        let kind = Kind::of(code).ok_or(ContentError::UnknownKind(code))?;
        if !kind.may_be_said_by(side) {
            return Err(ContentError::NotForMembers(kind.code()));
        }
        Self::new(kind, submitted)
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The normalised content, as it is stored and sent on.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// What a retry is recognised by.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// The form in which pages can show it.
fn normal(kind: Kind, submitted: &str) -> Result<String, ContentError> {
    match kind {
        Kind::Text => Ok(text(submitted)),
        Kind::Picture => media::picture(submitted),
        Kind::Voice | Kind::Video => media::recording(submitted),
        Kind::System => Ok(submitted.to_owned()),
        Kind::File => media::file(submitted),
        Kind::Product => card::product(submitted),
        Kind::Order => card::order(submitted),
        Kind::Rating => card::rating(submitted),
    }
}

/// The members of a JSON object; `None` for every other text.
fn object(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Kept when it is an object with a string `text`; everything else is what somebody typed.
fn text(submitted: &str) -> String {
    match object(submitted) {
        Some(object) if object.get("text").is_some_and(Value::is_string) => submitted.to_owned(),
        _ => serde_json::json!({ "text": submitted }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn kept(kind: Kind, submitted: &str, body: &str) {
        assert_eq!(Content::new(kind, submitted).map(|content| content.body), Ok(body.to_owned()), "{submitted}");
    }

    #[test]
    fn a_text_is_kept_or_wrapped_but_never_poison() {
        kept(Kind::Text, r#"{"text":"hi"}"#, r#"{"text":"hi"}"#);
        kept(Kind::Text, r#"{"text":"hi","extra":1}"#, r#"{"text":"hi","extra":1}"#);
        kept(Kind::Text, "hi", r#"{"text":"hi"}"#);
        kept(Kind::Text, "null", r#"{"text":"null"}"#);
        kept(Kind::Text, "123", r#"{"text":"123"}"#);
        kept(Kind::Text, "[]", r#"{"text":"[]"}"#);
        kept(Kind::Text, r#"{"text":123}"#, r#"{"text":"{\"text\":123}"}"#);
        kept(Kind::Text, r#"{"text":"a","text":null}"#, r#"{"text":"{\"text\":\"a\",\"text\":null}"}"#);
        kept(Kind::Text, " ", r#"{"text":" "}"#);
    }

    #[test]
    fn the_limit_counts_characters_as_submitted() {
        let longest = "\u{1F600}".repeat(MAX_CHARS);
        assert!(Content::new(Kind::Text, &longest).is_ok());
        assert_eq!(Content::new(Kind::Text, &format!("{longest}x")), Err(ContentError::TooLong));
        assert_eq!(Content::new(Kind::Text, ""), Err(ContentError::Empty));
    }

    #[test]
    fn a_member_never_sends_system_lines_or_invitations() {
        let member = Side::Member;
        let admin = Side::Desk;
        for kind in Kind::ALL {
            let only_desk = matches!(kind, Kind::System | Kind::Rating);
            assert_eq!(kind.may_be_said_by(member), !only_desk, "{kind:?}");
            assert!(kind.may_be_said_by(admin), "{kind:?}");
        }
        assert_eq!(Content::said_by(member, 5, "x"), Err(ContentError::NotForMembers(5)));
        assert_eq!(Content::said_by(admin, 7, "x"), Err(ContentError::UnknownKind(7)));
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        for (kind, submitted) in [
            (Kind::Text, "null"),
            (Kind::Picture, "https://x/y.png"),
            (Kind::Voice, "https://x/y.mp3"),
            (Kind::Order, r#"{"no":"1","items":[{"spuName":"cup"}]}"#),
        ] {
            let once = Content::new(kind, submitted).unwrap();
            let twice = Content::new(kind, once.body()).unwrap();
            assert_eq!(once.body(), twice.body());
        }
    }
}
