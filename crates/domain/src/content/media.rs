//! Pictures, recordings and files: an address, and what one must know to show it.

use serde_json::{Value, json};

use super::{ContentError, object};

/// `{"picUrl"}`, or the bare address that older clients send.
pub(super) fn picture(submitted: &str) -> Result<String, ContentError> {
    addressed(submitted, "picUrl", "a picture needs a picUrl with an http(s) address")
}

/// `{"url", "duration"?}`, or a bare address. Durations are in seconds.
pub(super) fn recording(submitted: &str) -> Result<String, ContentError> {
    let body = addressed(submitted, "url", "a recording needs a url with an http(s) address")?;
    let seconds = object(&body).and_then(|object| object.get("duration").cloned());
    match seconds {
        Some(Value::Number(n)) if n.as_f64().is_none_or(|n| n < 0.0) => {
            Err(ContentError::Shape("duration is negative"))
        }
        None | Some(Value::Null | Value::Number(_)) => Ok(body),
        Some(_) => Err(ContentError::Shape("duration is a number of seconds")),
    }
}

/// `{"url", "name", "size"}`; the size is in bytes.
pub(super) fn file(submitted: &str) -> Result<String, ContentError> {
    let object = object(submitted).ok_or(ContentError::Shape("a file is an object of url, name and size"))?;
    if !object.get("url").and_then(Value::as_str).is_some_and(is_address) {
        return Err(ContentError::Shape("a file needs a url with an http(s) address"));
    }
    let named = object
        .get("name")
        .and_then(Value::as_str)
        .is_some_and(|name| !name.is_empty() && name.chars().count() <= 255 && !name.chars().any(char::is_control));
    if !named {
        return Err(ContentError::Shape("a file needs a name of 1 to 255 printable characters"));
    }
    if object.get("size").and_then(Value::as_u64).is_none() {
        return Err(ContentError::Shape("a file needs its size in bytes"));
    }
    Ok(submitted.to_owned())
}

fn addressed(submitted: &str, member: &str, wrong: &'static str) -> Result<String, ContentError> {
    if is_address(submitted) {
        return Ok(json!({ member: submitted }).to_string());
    }
    match object(submitted).as_ref().and_then(|object| object.get(member)?.as_str()) {
        Some(address) if is_address(address) => Ok(submitted.to_owned()),
        _ => Err(ContentError::Shape(wrong)),
    }
}

/// Absolute http(s), or a path of the same site; nothing that could leave an attribute or start a script.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let rest = ["https://", "http://", "/"].iter().find_map(|start| text.strip_prefix(start));
    // `//host` would be another site's.
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::super::{Content, Kind};

    #[track_caller]
    fn check(kind: Kind, submitted: &str, body: Option<&str>) {
        let content = Content::new(kind, submitted).ok();
        assert_eq!(content.as_ref().map(Content::body), body, "{submitted}");
    }

    #[test]
    fn a_picture_is_an_address() {
        check(Kind::Picture, "https://x/a.png", Some(r#"{"picUrl":"https://x/a.png"}"#));
        check(Kind::Picture, r#"{"picUrl":"/a.png"}"#, Some(r#"{"picUrl":"/a.png"}"#));
        check(Kind::Picture, r#"{"picUrl":null}"#, None);
        check(Kind::Picture, r#"{"picUrl":""}"#, None);
        check(Kind::Picture, "null", None);
        check(Kind::Picture, "javascript:alert(1)", None);
        check(Kind::Picture, "https://x/\"onerror=", None);
        check(Kind::Picture, "//elsewhere/a.png", None);
        check(Kind::Picture, "hello", None);
    }

    #[test]
    fn a_recording_may_say_how_long_it_is() {
        check(Kind::Voice, "https://x/a.mp3", Some(r#"{"url":"https://x/a.mp3"}"#));
        check(Kind::Video, r#"{"url":"/a.mp4","duration":3.5}"#, Some(r#"{"url":"/a.mp4","duration":3.5}"#));
        check(Kind::Video, r#"{"url":"/a.mp4","duration":-1}"#, None);
        check(Kind::Video, r#"{"url":"/a.mp4","duration":"3"}"#, None);
        check(Kind::Voice, "{}", None);
    }

    #[test]
    fn a_file_has_address_name_and_size() {
        let good = r#"{"url":"/a.pdf","name":"发票.pdf","size":10}"#;
        check(Kind::File, good, Some(good));
        check(Kind::File, r#"{"url":"/a.pdf","name":"","size":10}"#, None);
        check(Kind::File, r#"{"url":"/a.pdf","name":"a\nb","size":10}"#, None);
        check(Kind::File, r#"{"url":"/a.pdf","name":"a","size":-1}"#, None);
        check(Kind::File, "https://x/a.pdf", None);
    }
}
