//! Texts for pages that put them into their HTML.

use std::borrow::Cow;

use kefu_push::legacy_escape;
use proptest::prelude::*;

#[track_caller]
fn check(kind: i32, stored: &str, shown: &str) {
    let escaped = legacy_escape(kind, stored);
    assert_eq!(escaped, shown);
    assert_eq!(matches!(escaped, Cow::Borrowed(_)), stored == shown, "{stored} is copied only if it changes");
}

#[test]
fn the_text_of_a_text_is_escaped_and_nothing_else_of_it() {
    check(1, r#"{"text":"hi"}"#, r#"{"text":"hi"}"#);
    check(1, r#"{"text":"<img src=x>"}"#, r#"{"text":"&lt;img src=x&gt;"}"#);
    check(1, r#"{"text":"a & b"}"#, r#"{"text":"a &amp; b"}"#);
    check(1, r#"{"text":"\u003cb\u003E"}"#, r#"{"text":"&lt;b&gt;"}"#);
    check(1, r#"{"text":"say \"<\"\n表情"}"#, r#"{"text":"say \"&lt;\"\n表情"}"#);
    check(1, r#"{"text":"\u00e9"}"#, r#"{"text":"\u00e9"}"#);
    check(
        1,
        r#"{"z":"<","text":"<","n":12345678901234567890.10,"a":[1, "<"]}"#,
        r#"{"z":"<","text":"&lt;","n":12345678901234567890.10,"a":[1, "<"]}"#,
    );
}

#[test]
fn whichever_of_two_texts_a_page_believes_is_escaped() {
    check(1, r#"{"text":"<","text":">"}"#, r#"{"text":"&lt;","text":"&gt;"}"#);
    check(1, r#"{"te\u0078t":"<"}"#, r#"{"text":"&lt;"}"#);
}

#[test]
fn what_was_typed_escaped_is_shown_as_it_was_typed() {
    check(1, r#"{"text":"&lt;"}"#, r#"{"text":"&amp;lt;"}"#);
    check(5, "&amp;", "&amp;amp;");
}

#[test]
fn a_system_line_is_plain_text() {
    check(5, "closed", "closed");
    check(5, "<b>closed</b> & gone", "&lt;b&gt;closed&lt;/b&gt; &amp; gone");
    check(5, r#"{"text":"<"}"#, r#"{"text":"&lt;"}"#);
}

#[test]
fn a_text_that_is_not_one_of_ours_is_left_as_it_is() {
    for poison in
        ["null", "<b>", "123", "[\"<\"]", "\"<\"", r#"{"text":123,"x":"<"}"#, r#"{"x":"<"}"#, "{\"text\":\"<", ""]
    {
        check(1, poison, poison);
    }
}

#[test]
fn other_kinds_are_not_rendered_as_html() {
    for kind in [2, 3, 4, 6, 10, 11, 12, 0, 7, -1, i32::MAX] {
        check(kind, r#"{"spuName":"<b>","text":"<"}"#, r#"{"spuName":"<b>","text":"<"}"#);
    }
}

proptest! {
    #[test]
    fn a_page_that_renders_it_shows_what_was_typed(typed in any::<String>()) {
        let stored = serde_json::json!({ "text": typed }).to_string();

        let shown: serde_json::Value = serde_json::from_str(&legacy_escape(1, &stored)).unwrap();

        let html = shown["text"].as_str().unwrap();
        prop_assert!(!html.contains(['<', '>']));
        prop_assert_eq!(html.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"), typed);
    }

    #[test]
    fn any_content_of_any_kind_comes_back(kind in any::<i32>(), content in any::<String>()) {
        let _ = legacy_escape(kind, &content);
        prop_assert_eq!(legacy_escape(5, &content).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"), content);
    }
}
