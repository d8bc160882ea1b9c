//! Both ways, for every kind, and for what the mall's own server left behind.

use kefu_domain::Content;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// The `ext` of a frame that shows this.
fn ext_of(look: &Look<'_>) -> Map<String, Value> {
    match serde_json::to_value(&look.more) {
        Ok(Value::Object(ext)) => ext,
        other => panic!("{other:?}"),
    }
}

/// What is stored when somebody sends what they were shown.
fn sent_again(look: &Look<'_>) -> Result<(i32, String), String> {
    let (kind, submitted) =
        up(Some(look.style), Some(look.kind), &look.content, look.url.as_deref(), Some(&ext_of(look)))?;
    let kind = Kind::of(kind.into()).ok_or("a kind that nobody knows")?;
    let content = Content::new(kind, &submitted).map_err(|error| error.to_string())?;
    Ok((kind.code(), content.body().to_owned()))
}

#[track_caller]
fn check(kind: i32, stored: &str, shown: (&str, &str, &str), more: Value) {
    let look = down(kind, stored);
    assert_eq!((look.style, look.kind, look.content.as_ref()), shown, "{stored}");
    assert_eq!(Value::Object(ext_of(&look)), more, "{stored}");
}

#[test]
fn every_kind_has_its_look() {
    check(1, r#"{"text":"<hi> & \"you\""}"#, ("normal", "text", r#"<hi> & "you""#), json!({}));
    check(2, r#"{"picUrl":"/a.png"}"#, ("normal", "picture", "/a.png"), json!({}));
    check(3, r#"{"url":"/a.mp3"}"#, ("normal", "audio", "/a.mp3"), json!({}));
    check(4, r#"{"url":"/a.mp4","duration":3.5}"#, ("normal", "video", "/a.mp4"), json!({ "duration": 3.5 }));
    check(
        6,
        r#"{"url":"/a.pdf","name":"发票.pdf","size":10}"#,
        ("normal", "file", "/a.pdf"),
        json!({ "name": "发票.pdf", "size": 10 }),
    );
    check(5, "closed", ("toast", "text", "closed"), json!({}));
    let card = r#"{"spuId":1,"spuName":"杯子"}"#;
    check(10, card, ("card", "unknown", card), json!({}));
    check(11, r#"{"items":[]}"#, ("order", "unknown", r#"{"items":[]}"#), json!({}));
    check(12, "{}", ("assess", "unknown", "{}"), json!({}));
}

#[test]
fn what_the_malls_own_server_left_is_shown_as_the_text_that_it_is() {
    check(1, "null", ("normal", "text", "null"), json!({}));
    check(1, "plain", ("normal", "text", "plain"), json!({}));
    check(2, r#"{"picUrl":null}"#, ("normal", "text", r#"{"picUrl":null}"#), json!({}));
    check(99, "<b>", ("normal", "text", "<b>"), json!({}));
    check(11, "null", ("normal", "text", "null"), json!({}));
    check(11, r#"{"items":[{}]}"#, ("order", "unknown", r#"{"items":[{"properties":[]}]}"#), json!({}));
}

#[test]
fn a_text_that_looks_like_the_malls_form_is_the_text_that_it_is() {
    let typed = r#"{"text":"x"}"#;

    let (kind, submitted) = up(Some("normal"), Some("text"), typed, None, None).unwrap();

    assert_eq!((kind, submitted.as_str()), (1, r#"{"text":"{\"text\":\"x\"}"}"#));
    check(kind, &submitted, ("normal", "text", typed), json!({}));
}

#[test]
fn the_longest_text_over_http_is_the_longest_over_the_socket() {
    for (length, fits) in [(MAX_CHARS - 11, true), (MAX_CHARS, true), (MAX_CHARS + 1, false)] {
        let (_, submitted) = up(None, Some("text"), &"长".repeat(length), None, None).unwrap();
        assert_eq!(Content::new(Kind::Text, &submitted).is_ok(), fits, "{length}");
    }
    assert_eq!(up(None, Some("text"), "", None, None).unwrap().1, "", "empty, and refused as such");
}

#[test]
fn what_is_submitted_is_spelled_as_the_malls_pages_spell_it() {
    let ext = json!({ "size": 10, "name": "a", "duration": 3, "other": 1 });
    let spelled = |kind| up(Some("normal"), Some(kind), "/a", None, ext.as_object()).unwrap().1;

    assert_eq!(spelled("text"), r#"{"text":"/a"}"#);
    assert_eq!(spelled("picture"), r#"{"picUrl":"/a"}"#);
    assert_eq!(spelled("audio"), r#"{"url":"/a","duration":3}"#);
    assert_eq!(spelled("video"), r#"{"url":"/a","duration":3}"#);
    assert_eq!(spelled("file"), r#"{"url":"/a","name":"a","size":10}"#);
}

#[test]
fn where_a_click_leads_stands_in_the_content() {
    let spelled = |style: &str, content: &str| up(Some(style), Some("text"), content, Some("/to?a=1&b"), None);
    let card = |content: &str| spelled("card", content).map(|(_, submitted)| submitted);
    let click = |kind, stored: &str| down(kind, stored).url;

    assert_eq!(spelled("normal", "see").unwrap().1, r#"{"text":"see","url":"/to?a=1&b"}"#);
    assert_eq!(spelled("normal", "").unwrap().1, "", "refused as empty");
    assert_eq!(card("{\"spuId\":1} \n").unwrap(), r#"{"spuId":1,"url":"/to?a=1&b"}"#);
    assert_eq!(card("{}").unwrap(), r#"{"url":"/to?a=1&b"}"#);
    assert_eq!(card("no card").unwrap(), "no card", "refused as no object");
    assert_eq!(card(r#"{"url":"/to?a=1&b","spuId":1}"#).unwrap(), r#"{"url":"/to?a=1&b","spuId":1}"#);
    assert!(card(r#"{"url":"/elsewhere"}"#).is_err());
    assert!(spelled("toast", "closed").is_err() && spelled("assess", "{}").is_err());
    assert!(up(None, Some("picture"), "/a.png", Some("/to"), None).is_err());
    for wrong in ["javascript:alert(1)", "//elsewhere", "", "https://a b"] {
        assert!(up(None, Some("text"), "see", Some(wrong), None).is_err(), "{wrong}");
        assert_eq!(click(1, &json!({ "text": "see", "url": wrong }).to_string()), None, "{wrong}");
    }

    let to = Some("/to".to_owned());
    assert_eq!(click(1, r#"{"text":"see","url":"/to"}"#), to);
    assert_eq!(click(10, r#"{"spuId":1,"spuName":"杯子","url":"/to"}"#), to);
    assert_eq!(click(11, r#"{"items":[],"url":"/to"}"#), to);
    assert_eq!(click(3, r#"{"url":"/a.mp3"}"#), None, "that is what it is, not where it leads");
    assert_eq!(click(1, r#"{"text":"see","url":7}"#), None);
}

#[test]
fn style_and_kind_together_name_a_content_or_nothing() {
    let code = |style, kind| up(style, kind, "x", None, None).ok().map(|(code, _)| code);

    assert_eq!(code(Some("normal"), Some("text")), Some(1));
    assert_eq!(code(None, Some("picture")), Some(2));
    assert_eq!(code(Some("toast"), None), Some(5));
    assert_eq!(code(Some("card"), Some("unknown")), Some(10));
    assert_eq!(code(Some("order"), Some("text")), Some(11));
    assert_eq!(code(Some("normal"), None), None);
    assert_eq!(code(Some("normal"), Some("unknown")), None);
    assert_eq!(code(Some("Normal"), Some("text")), None);
    assert_eq!(code(Some(""), Some("text")), None);
}

/// What may be stored of each kind, as the rules normalise it.
fn stored() -> impl Strategy<Value = (i32, String)> {
    let address = "(https://[a-z]{1,8}/|/)[a-zA-Z0-9_.%-]{1,30}";
    let seconds = prop_oneof![Just(None), (0..100_000_u32).prop_map(Some)];
    let object = proptest::collection::btree_map("[a-z]{1,6}", any::<i32>(), 0..4);
    prop_oneof![
        any::<String>()
            .prop_filter("empty ones are refused", |typed| !typed.is_empty())
            .prop_map(|text| { (1, json!({ "text": text }).to_string()) }),
        address.prop_map(|url| (1, format!(r#"{{"text":"see","url":"{url}"}}"#))),
        address.prop_map(|url| (10, format!(r#"{{"spuId":1,"spuName":"杯子","url":"{url}"}}"#))),
        address.prop_map(|url| (2, json!({ "picUrl": url }).to_string())),
        (3..=4, address, seconds).prop_map(|(kind, url, seconds)| {
            let more = seconds.map_or(String::new(), |seconds| format!(r#","duration":{seconds}"#));
            (kind, format!(r#"{{"url":"{url}"{more}}}"#))
        }),
        ".{1,50}".prop_map(|line| (5, line)),
        (address, "[^\\p{C}]{1,255}", any::<u32>()).prop_map(|(url, name, size)| {
            (6, format!(r#"{{"url":"{url}","name":{},"size":{size}}}"#, json!(name)))
        }),
        any::<i64>().prop_map(|id| (10, json!({ "spuId": id, "spuName": "杯子" }).to_string())),
        any::<u32>().prop_map(|no| (11, json!({ "no": no, "items": [{ "properties": [] }] }).to_string())),
        object.prop_map(|object| (12, json!(object).to_string())),
    ]
}

proptest! {
    #[test]
    fn what_was_shown_and_is_sent_again_is_what_was_stored((kind, body) in stored()) {
        let code = Kind::of(kind.into()).unwrap();
        prop_assert!(Content::new(code, &body).is_ok_and(|content| content.body() == body), "not what is stored: {body}");

        prop_assert_eq!(sent_again(&down(kind, &body)), Ok((kind, body)));
    }

    #[test]
    fn nothing_that_was_ever_stored_breaks_it(
        kind in prop_oneof![any::<i32>(), 0..14],
        body in prop_oneof![
            any::<String>(),
            Just(r#"{"url":7,"text":null,"picUrl":{}}"#.to_owned()),
            Just(r#"{"url":"/a","duration":null}"#.to_owned()),
            Just(r#"{"text":"a","text":"b"}"#.to_owned()),
        ],
    ) {
        let look = down(kind, &body);

        match sent_again(&look) {
            Ok((kind, body)) => prop_assert_eq!(down(kind, &body), look, "shown alike"),
            Err(_) => prop_assert!(look.content.is_empty(), "only of nothing one cannot say it again: {look:?}"),
        }
    }
}
