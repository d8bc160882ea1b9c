//! What is said: the mall's stored form, and the style, kind, content and `ext` of the envelope. Both ways, by one
//! table.

use std::borrow::Cow;

use kefu_domain::{Kind, MAX_CHARS, is_address, shown};
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
    /// Where a click leads.
    pub(super) url: Option<String>,
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
    Look { style, kind, content: Cow::Borrowed(""), url: None, more: More::default() }
}

/// A stored content, whoever wrote it, as the envelope shows it.
pub(super) fn down(kind: i32, stored: &str) -> Look<'_> {
    let (kind, body) = shown(kind, stored);
    let kind = Kind::of(kind.into()).unwrap_or(Kind::Text);
    let (style, name) = look_of(kind);
    let member = match kind {
        Kind::Text => Some("text"),
        Kind::Picture => Some("picUrl"),
        Kind::Voice | Kind::Video | Kind::File => Some("url"),
        Kind::System | Kind::Product | Kind::Order | Kind::Rating => None,
    };
    if member.is_none() && !leads(kind) {
        return Look { style, kind: name, content: body, url: None, more: More::default() };
    }

    let object = object(&body);
    let more = match kind {
        Kind::Voice | Kind::Video => More { duration: number(&object, "duration"), ..More::default() },
        Kind::File => {
            let name = object.get("name").and_then(Value::as_str).map(str::to_owned);
            More { name, size: number(&object, "size"), ..More::default() }
        }
        _ => More::default(),
    };
    let said = member.and_then(|member| object.get(member)?.as_str());
    let content = said.map_or(body.clone(), |said| Cow::Owned(said.to_owned()));
    let url = if leads(kind) { click(&object) } else { None };
    Look { style, kind: name, content, url, more }
}

/// What somebody said over the socket, as the mall's number and the content to submit, in the mall's form: a retry
/// over HTTP is then the same submission. `url` is where a click leads, a member of the content. Whether the content is
/// acceptable is for the rules to say.
pub(super) fn up(
    style: Option<&str>,
    kind: Option<&str>,
    content: &str,
    url: Option<&str>,
    ext: Option<&Map<String, Value>>,
) -> Result<(i32, String), &'static str> {
    let style = style.unwrap_or(NORMAL);
    let row = TABLE.iter().find(|(_, of, its)| *of == style && (style != NORMAL || kind == Some(*its)));
    let (kind, ..) = *row.ok_or("style and kind name no content that can be sent")?;

    if url.is_some_and(|url| !is_address(url)) {
        return Err("url is an http(s) address, or a path");
    }
    if url.is_some() && !leads(kind) {
        return Err("url goes with a text, a card or an order");
    }
    let member = |name| ext?.get(name).filter(|value| !value.is_null());
    let submitted = match kind {
        Kind::Text => text(content, url),
        Kind::Picture => written(&Picture { pic_url: content }),
        Kind::Voice | Kind::Video => written(&Recording { url: content, duration: member("duration") }),
        Kind::File => written(&File { url: content, name: member("name"), size: member("size") }),
        Kind::Product | Kind::Order => card(content, url)?,
        Kind::System | Kind::Rating => content.to_owned(),
    };
    Ok((kind.code(), submitted))
}

fn look_of(kind: Kind) -> (&'static str, &'static str) {
    let row = TABLE.iter().find(|(its, ..)| *its == kind);
    row.map_or((NORMAL, "unknown"), |&(_, style, kind)| (style, kind))
}

/// The members of a JSON object; none of any other text.
fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Whether a click on a content of that kind may lead somewhere else than to the content itself.
const fn leads(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Product | Kind::Order)
}

/// Where a click on a content leads, if it is somewhere that a page may lead to.
fn click(object: &Map<String, Value>) -> Option<String> {
    object.get("url").and_then(Value::as_str).filter(|url| is_address(url)).map(str::to_owned)
}

fn number(object: &Map<String, Value>, name: &str) -> Option<Number> {
    object.get(name).and_then(Value::as_number).cloned()
}

/// Wrapped, so that a text that looks like an object remains the text that it is. One that would only be too long
/// because of that goes as it is: the limit counts what somebody typed.
fn text(typed: &str, url: Option<&str>) -> String {
    let wrapped = written(&Text { text: typed, url });
    if url.is_some() {
        return if typed.is_empty() { String::new() } else { wrapped };
    }
    let looks_wrapped = || typed.trim_start().starts_with('{');
    if typed.is_empty() || (wrapped.chars().count() > MAX_CHARS && !looks_wrapped()) {
        typed.to_owned()
    } else {
        wrapped
    }
}

/// A card as it was submitted, with the address for a click as its last member.
fn card(submitted: &str, url: Option<&str>) -> Result<String, &'static str> {
    let Some(url) = url else { return Ok(submitted.to_owned()) };
    let members = object(submitted);
    match members.get("url") {
        Some(own) if own.as_str() == Some(url) => return Ok(submitted.to_owned()),
        Some(_) => return Err("url is another than that of the card"),
        None => {}
    }
    // What is no object is for the rules to refuse.
    let Some(rest) = submitted.trim_end().strip_suffix('}') else { return Ok(submitted.to_owned()) };
    let comma = if members.is_empty() { "" } else { "," };
    Ok(format!("{rest}{comma}\"url\":{}}}", Value::from(url)))
}

/// JSON whose members stand in the order in which the mall's pages write them.
fn written<T: Serialize>(body: &T) -> String {
    // Texts and finite numbers under fixed names: there is nothing to fail. The rules refuse an empty content.
    serde_json::to_string(body).unwrap_or_default()
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
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
