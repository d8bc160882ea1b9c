//! The mall's JSON, to the byte.

use kefu_domain::{Announcer, ClientMsgId, ConversationId, MemberId, MessageId, Party, Side, Timestamp, What};
use kefu_push::{Hub, MallId, MallMessage, Settings};
use serde_json::{Value, json};

use crate::common::{ALICE, BOB, SHOP, did, guest, message, posted, said, waiting};

/// yudao-contract.md §2.2, as it stands there.
const POSTED: &str = r#"{"type":"kefu_message_type","content":"{\"id\":1042,\"conversationId\":1,\"senderId\":101,\"senderAvatar\":\"http://…\",\"senderType\":1,\"receiverId\":null,\"receiverType\":null,\"contentType\":1,\"content\":\"{\\\"text\\\":\\\"hi\\\"}\",\"readStatus\":null,\"createTime\":1795287600123}"}"#;
const READ: &str = r#"{"type":"kefu_message_read_status_change","content":"{\"id\":null,\"conversationId\":1,\"senderId\":null,\"senderAvatar\":null,\"senderType\":null,\"receiverId\":null,\"receiverType\":null,\"contentType\":null,\"content\":null,\"readStatus\":null,\"createTime\":null}"}"#;

fn heard(news: kefu_domain::Announcement) -> String {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, BOB));
    hub.announce(vec![news]);
    let mut parcels = waiting(&mut inbox);
    assert_eq!(parcels.len(), 1);
    parcels.remove(0).text.to_string()
}

#[test]
fn a_message_is_the_contracts_example_with_our_members_behind_it() {
    let mut message = message(ALICE, 5);
    message.id = MessageId(1_042);
    message.change = 9;
    message.content = r#"{"text":"hi"}"#.into();
    message.time = Timestamp(1_795_287_600_123);
    let mut news = posted(message);
    news.avatar = Some("http://…".into());

    let frame = heard(news);

    let end = r#"}"}"#;
    let ours = r#",\"seq\":5,\"change\":9,\"clientMsgId\":\"k5\""#;
    assert_eq!(frame, format!("{}{ours}{end}", POSTED.strip_suffix(end).unwrap()));
}

#[test]
fn a_message_that_came_without_a_key_names_none() {
    let mut message = message(ALICE, 5);
    message.key = None;

    let frame = heard(posted(message));

    assert!(frame.ends_with(r#",\"seq\":5,\"change\":5}"}"#), "{frame}");
}

#[test]
fn the_desk_having_read_is_the_contracts_example() {
    assert_eq!(heard(did(BOB, What::Read(Side::Desk, 5))), READ);
}

#[test]
fn a_frame_is_json_whose_content_is_json_again() {
    let mut message = message(BOB, 1);
    message.content = r#"{"text":"\"quoted\" \\ 表情😀\n"}"#.into();

    let frame: Value = serde_json::from_str(&heard(posted(message.clone()))).unwrap();
    let content: Value = serde_json::from_str(frame["content"].as_str().unwrap()).unwrap();

    assert_eq!(frame["type"], "kefu_message_type");
    assert_eq!(content["content"], Value::from(message.content.as_str()));
    assert_eq!(content["senderType"], 2);
    assert_eq!(content["senderId"], 7);
    assert_eq!(content["receiverId"], 101);
    assert_eq!(content["receiverType"], 1);
}

#[test]
fn a_list_shows_what_a_frame_leaves_null() {
    let mut message = message(ALICE, 2);
    message.read = true;

    let listed = serde_json::to_value(MallMessage::of(&message).with_read_status()).unwrap();

    let expected = json!({
        "id": 1002, "conversationId": 1, "senderId": 101, "senderAvatar": null, "senderType": 1,
        "receiverId": null, "receiverType": null, "contentType": 1, "content": "{\"text\":\"2\"}",
        "readStatus": true, "createTime": 1_795_287_600_002_i64, "seq": 2, "change": 2, "clientMsgId": "k2",
    });
    assert_eq!(listed, expected);
}

#[test]
fn an_id_that_a_browser_would_round_is_a_string() {
    check(0, "0");
    check(9_007_199_254_740_990, "9007199254740990");
    check(9_007_199_254_740_991, r#""9007199254740991""#);
    check(-9_007_199_254_740_990, "-9007199254740990");
    check(-9_007_199_254_740_991, r#""-9007199254740991""#);
    check(i64::MAX, r#""9223372036854775807""#);
    check(i64::MIN, r#""-9223372036854775808""#);

    #[track_caller]
    fn check(id: i64, json: &str) {
        assert_eq!(serde_json::to_string(&MallId(id)).unwrap(), json);
    }
}

#[test]
fn every_id_of_a_message_is_written_as_an_id() {
    let big = i64::MAX;
    let mut message = message(Party::Admin(kefu_domain::AdminId(big)), 1);
    message.id = MessageId(big);
    message.conversation = ConversationId(big);
    message.receiver = Some(Party::Member(MemberId(big)));
    message.key = ClientMsgId::new("k").ok();

    let written = serde_json::to_value(MallMessage::of(&message)).unwrap();

    for name in ["id", "conversationId", "senderId", "receiverId"] {
        assert_eq!(written[name], "9223372036854775807", "{name}");
    }
}

#[test]
fn a_frame_is_encoded_once_and_shared_by_all_who_hear_it() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));

    hub.announce(vec![said(ALICE, 1)]);

    let (one, two) = (waiting(&mut alice).remove(0), waiting(&mut bob).remove(0));
    assert_eq!(one.text.as_ptr(), two.text.as_ptr());
    assert_eq!(one.text.len(), two.text.len());
}

#[test]
fn a_frame_shows_text_escaped_unless_the_settings_say_otherwise() {
    check(true, r#"{"text":"&lt;b&gt; &amp;"}"#);
    check(false, r#"{"text":"<b> &"}"#);

    #[track_caller]
    fn check(legacy_escape: bool, shown: &str) {
        let hub = Hub::with(Settings { legacy_escape, ..Settings::default() });
        let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
        let mut message = message(ALICE, 1);
        message.content = r#"{"text":"<b> &"}"#.into();

        hub.announce(vec![posted(message)]);

        let frame: Value = serde_json::from_str(&waiting(&mut inbox).remove(0).text).unwrap();
        let content: Value = serde_json::from_str(frame["content"].as_str().unwrap()).unwrap();
        assert_eq!(content["content"], shown);
    }
}

#[test]
fn what_a_parcel_says_of_itself_is_not_its_text() {
    let hub = Hub::new();
    let (seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    hub.announce(vec![said(ALICE, 1)]);

    let told = format!("{:?} {seat:?} {inbox:?} {hub:?}", waiting(&mut inbox));

    assert!(!told.contains("text\\"), "{told}");
}
