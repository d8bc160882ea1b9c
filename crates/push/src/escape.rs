//! Texts for pages that put them into their HTML as they are.

use std::borrow::Cow;
use std::fmt;

use kefu_domain::Kind;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A stored content with `<`, `>` and `&` escaped where the mall's pages render it as HTML: the `text` of a text,
/// and a system line. Every other content, and a text that is not `{"text"}`, comes back as it is.
///
/// For what is stored, on its way out, once: what somebody typed as `&lt;` must be shown as `&lt;`, so it is
/// escaped like everything else.
#[must_use]
pub fn legacy_escape(kind: i32, content: &str) -> Cow<'_, str> {
    match Kind::of(kind.into()) {
        Some(Kind::System) => html(content),
        Some(Kind::Text) => text(content).map_or(Cow::Borrowed(content), Cow::Owned),
        _ => Cow::Borrowed(content),
    }
}

fn html(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// The content with its `text` escaped; `None` when there is nothing to escape.
fn text(content: &str) -> Option<String> {
    // JSON may spell a `<` as \u003c.
    if !content.contains(['<', '>', '&']) && !content.contains(r"\u") {
        return None;
    }
    let mut object: Object<'_> = serde_json::from_str(content).ok()?;
    let mut changed = false;
    for (name, value) in &mut object.0 {
        if name == "text"
            && let Value::Kept(raw) = value
            && let Ok(text) = serde_json::from_str::<String>(raw.get())
            && let Cow::Owned(escaped) = html(&text)
        {
            *value = Value::Escaped(escaped);
            changed = true;
        }
    }
    if changed { serde_json::to_string(&object).ok() } else { None }
}

/// An object as it was written: order, numbers and repeated names included.
struct Object<'a>(Vec<(String, Value<'a>)>);

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Kept(&'a RawValue),
    Escaped(String),
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            members.push((name, Value::Kept(value)));
        }
        Ok(Object(members))
    }
}
