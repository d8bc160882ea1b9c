//! What is said: the mall's stored form, and the style, kind, content and `ext` of the envelope. Both ways, by one
//! table.

use std::borrow::Cow;

use kefu_domain::{Kind, MAX_CHARS, shown};
use serde::Serialize;
use serde_json::{Map, Number, Value};

const NORMAL: &str = "normal";

/// Of styles other than the normal one there is one kind each.
const TABLE: [(Kind, &str, &str); 9] = [
    (Kind::Text, NORMAL, "text"),
    (Kind::Picture, NORMAL, "picture"),
    (Kind::Voice, NORMAL, "audio"),
    (Kind::Video, NORMAL, "video"),
    (Kind::File, NORMAL, "file"),
    (Kind::System, "toast", "text"),
    (Kind::Product, "card", "unknown"),
    (Kind::Order, "order", "unknown"),
    (Kind::Rating, "assess", "unknown"),
];

/// A content as the envelope shows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look<'a> {
    pub(super) style: &'static str,
    pub(super) kind: &'static str,
    pub(super) content: Cow<'a, str>,
    pub(super) more: More,
}

/// What of a content has no place in the envelope but its `ext`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct More {
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// In bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<Number>,
}

/// What is shown of a message that its reader has deleted.
pub(super) fn nothing() -> Look<'static> {
    let (style, kind) = look_of(Kind::System);
    Look { style, kind, content: Cow::Borrowed(""), more: More::default() }
}

/// A stored content, whoever wrote it, as the envelope shows it.
pub(super) fn down(kind: i32, stored: &str) -> Look<'_> {
    let (kind, body) = shown(kind, stored);
    let kind = Kind::of(kind.into()).unwrap_or(Kind::Text);
    let (style, name) = look_of(kind);
    let member = match kind {
        Kind::Text => "text",
        Kind::Picture => "picUrl",
        Kind::Voice | Kind::Video | Kind::File => "url",
        Kind::System | Kind::Product | Kind::Order | Kind::Rating => {
            return Look { style, kind: name, content: body, more: More::default() };
        }
    };

    let object: Map<String, Value> = serde_json::from_str(&body).unwrap_or_default();
    let more = match kind {
        Kind::Voice | Kind::Video => More { duration: number(&object, "duration"), ..More::default() },
        Kind::File => {
            let name = object.get("name").and_then(Value::as_str).map(str::to_owned);
            More { name, size: number(&object, "size"), ..More::default() }
        }
        _ => More::default(),
    };
    let content = object.get(member).and_then(Value::as_str).map_or(body.clone(), |said| Cow::Owned(said.to_owned()));
    Look { style, kind: name, content, more }
}

/// What somebody said over the socket, as the mall's number and the content to submit, in the mall's form: a retry
/// over HTTP is then the same submission. Whether it is acceptable is for the rules to say.
pub(super) fn up(
    style: Option<&str>,
    kind: Option<&str>,
    content: &str,
    ext: Option<&Map<String, Value>>,
) -> Result<(i32, String), &'static str> {
    let style = style.unwrap_or(NORMAL);
    let row = TABLE.iter().find(|(_, of, its)| *of == style && (style != NORMAL || kind == Some(*its)));
    let (kind, ..) = *row.ok_or("style and kind name no content that can be sent")?;

    let member = |name| ext?.get(name).filter(|value| !value.is_null());
    let submitted = match kind {
        Kind::Text => text(content),
        Kind::Picture => written(&Picture { pic_url: content }),
        Kind::Voice | Kind::Video => written(&Recording { url: content, duration: member("duration") }),
        Kind::File => written(&File { url: content, name: member("name"), size: member("size") }),
        Kind::System | Kind::Product | Kind::Order | Kind::Rating => content.to_owned(),
    };
    Ok((kind.code(), submitted))
}

fn look_of(kind: Kind) -> (&'static str, &'static str) {
    let row = TABLE.iter().find(|(its, ..)| *its == kind);
    row.map_or((NORMAL, "unknown"), |&(_, style, kind)| (style, kind))
}

fn number(object: &Map<String, Value>, name: &str) -> Option<Number> {
    object.get(name).and_then(Value::as_number).cloned()
}

/// Wrapped, so that a text that looks like an object remains the text that it is. One that would only be too long
/// because of that goes as it is: the limit counts what somebody typed.
fn text(typed: &str) -> String {
    let wrapped = written(&Text { text: typed });
    let looks_wrapped = || typed.trim_start().starts_with('{');
    if typed.is_empty() || (wrapped.chars().count() > MAX_CHARS && !looks_wrapped()) {
        typed.to_owned()
    } else {
        wrapped
    }
}

/// JSON whose members stand in the order in which the mall's pages write them.
fn written<T: Serialize>(body: &T) -> String {
    // Texts and finite numbers under fixed names: there is nothing to fail. The rules refuse an empty content.
    serde_json::to_string(body).unwrap_or_default()
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Picture<'a> {
    #[serde(rename = "picUrl")]
    pic_url: &'a str,
}

#[derive(Serialize)]
struct Recording<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<&'a Value>,
}

#[derive(Serialize)]
struct File<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<&'a Value>,
}

#[cfg(test)]
mod tests;
