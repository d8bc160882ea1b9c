//! What is shown of a content that was stored without us: by the mall's own server, before it was upgraded.

use std::borrow::Cow;

use serde_json::json;

use super::{Kind, normal};

/// The kind and the body that a page is given for a stored content: itself where it is one that we would take,
/// normalised; otherwise its raw text as a plain text, so that no page breaks on it and nothing is hidden.
///
/// ```
/// use kefu_domain::shown;
///
/// assert_eq!(shown(1, "null"), (1, r#"{"text":"null"}"#.into()));
/// assert_eq!(shown(10, "null"), (1, r#"{"text":"null"}"#.into()));
/// ```
#[must_use]
pub fn shown(kind: i32, raw: &str) -> (i32, Cow<'_, str>) {
    // A wrapped content may be longer than what was submitted, so lengths are not looked at.
    match Kind::of(i64::from(kind)).map(|kind| normal(kind, raw)) {
        Some(Ok(body)) if body == raw => (kind, Cow::Borrowed(raw)),
        Some(Ok(body)) => (kind, Cow::Owned(body)),
        Some(Err(_)) | None => (Kind::Text.code(), Cow::Owned(json!({ "text": raw }).to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: i32, raw: &str, expected: (i32, &str)) {
        let (kind, body) = shown(kind, raw);
        assert_eq!((kind, body.as_ref()), expected);
    }

    #[test]
    fn what_the_malls_pages_can_show_is_left_as_it_is() {
        for (kind, raw) in
            [(1, r#"{"text":"hi"}"#), (2, r#"{"picUrl":"https://mall.example/a.png"}"#), (5, "the desk is closed")]
        {
            check(kind, raw, (kind, raw));
        }
    }

    #[test]
    fn what_would_break_a_page_is_shown_as_the_text_that_it_is() {
        check(1, "plain", (1, r#"{"text":"plain"}"#));
        check(1, "null", (1, r#"{"text":"null"}"#));
        check(1, r#"{"text":123}"#, (1, r#"{"text":"{\"text\":123}"}"#));
        check(1, "", (1, r#"{"text":""}"#));
        check(2, "null", (1, r#"{"text":"null"}"#));
        check(2, r#"{"picUrl":null}"#, (1, r#"{"text":"{\"picUrl\":null}"}"#));
        check(11, r#"{"items":[{}]}"#, (11, r#"{"items":[{"properties":[]}]}"#));
        check(11, r#"{"items":null}"#, (1, r#"{"text":"{\"items\":null}"}"#));
        check(99, "<b>", (1, r#"{"text":"<b>"}"#));
    }
}
