use kefu_domain::{
    AdminId, ConversationId, MemberId, Message, MessageId, Outline, Party, Permission, Recipient, Scope, Side,
    TenantId, Timestamp, What,
};
use serde_json::{Value, json};

use super::inward::Frame;
use super::*;

const NODE: NodeId = NodeId([7; 8]);
const ALICE: MemberId = MemberId(101);

fn event(shop: i64, what: impl FnOnce(Message) -> What) -> Event {
    let after = Outline {
        conversation: ConversationId(9),
        scope: Scope { tenant: TenantId(1), shop: ShopId(shop) },
        member: ALICE,
        head_seq: 5,
        change: 7,
        member_read_seq: 0,
        desk_read_seq: 0,
        desk_unread: 5,
        pinned: false,
        hidden: false,
    };
    let message = Message {
        id: MessageId(1042),
        conversation: after.conversation,
        seq: 5,
        change: 7,
        sender: Party::Member(ALICE),
        receiver: None,
        kind: 1,
        content: r#"{"text":"<b>hi</b>"}"#.into(),
        read: false,
        time: Timestamp(1_795_287_600_123),
        key: None,
        fingerprint: None,
        quote: None,
        revoked: None,
        deleted: Default::default(),
    };
    Event { after, by: Party::Member(ALICE), what: what(message) }
}

fn mailed(event: &Event) -> Vec<Value> {
    let mut said = Vec::new();
    let bridge = Bridge::new(MallBridge::default(), NODE);
    bridge.mail(event, Some("http://a/b.png"), |bytes| said.push(serde_json::from_slice(&bytes).unwrap()));
    said
}

#[test]
fn a_message_goes_to_the_member_and_to_all_admins_as_the_mall_itself_sends_it() {
    let said = mailed(&event(0, What::Posted));

    let content = said[0]["messageContent"].as_str().unwrap();
    let message: Value = serde_json::from_str(content).unwrap();
    assert_eq!(message["content"], r#"{"text":"&lt;b&gt;hi&lt;/b&gt;"}"#);
    assert_eq!((&message["senderAvatar"], &message["conversationId"]), (&json!("http://a/b.png"), &json!(9)));
    let to = |user_type: i32, user_id: Value| {
        json!({
            "headers": {"tenant-id": "1"}, "sessionId": null, "userType": user_type, "userId": user_id,
            "messageType": "kefu_message_type", "messageContent": content, "kefuNode": "0707070707070707",
        })
    };
    assert_eq!(said, [to(1, json!(101)), to(2, Value::Null)]);
}

#[test]
fn that_the_desk_has_read_goes_there_and_nothing_else_that_the_mall_has_no_frame_for() {
    let said = mailed(&event(0, |_| What::Read(Side::Desk, 5)));
    assert_eq!(said.len(), 2);
    assert_eq!(said[1]["messageType"], "kefu_message_read_status_change");
    let content: Value = serde_json::from_str(said[1]["messageContent"].as_str().unwrap()).unwrap();
    assert_eq!((&content["conversationId"], &content["id"]), (&json!(9), &Value::Null));

    for what in [What::Read(Side::Member, 5), What::Pinned(true), What::Hidden] {
        assert!(mailed(&event(0, |_| what)).is_empty());
    }
    assert!(mailed(&event(0, What::Revoked)).is_empty());
    assert!(mailed(&event(0, |message| What::Deleted(Side::Desk, message))).is_empty());
}

#[test]
fn what_is_said_at_a_shops_own_desk_does_not_go_to_the_admins_of_the_platform() {
    assert!(mailed(&event(3, What::Posted)).is_empty());
    assert!(mailed(&event(3, |_| What::Read(Side::Desk, 5))).is_empty());
}

#[test]
fn whatever_one_of_our_nodes_has_said_is_known_again() {
    let bridge = Bridge::new(MallBridge::default(), NODE);
    let mut heard = Vec::new();
    bridge.mail(&event(0, What::Posted), None, |bytes| heard.push(read(&bytes)));

    assert_eq!(heard, [Mail::Ours, Mail::Ours]);
    assert!(serde_json::to_string(&mailed(&event(0, What::Posted))).unwrap().contains("kefuNode"));
    let of_another = json!({"userType": 2, "messageType": "x", "messageContent": "{}", "kefuNode": "somebody"});
    assert_eq!(read(of_another.to_string().as_bytes()), Mail::Ours);
}

#[track_caller]
fn check(mail: Value, expected: Option<Recipient>) {
    let mut full = json!({"headers": {"tenant-id": "1"}, "messageType": "notice-push", "messageContent": "{\"a\":1}"});
    for (name, value) in mail.as_object().unwrap() {
        full[name] = value.clone();
    }
    let found = match read(full.to_string().as_bytes()) {
        Mail::For(recipient, frame) => {
            assert_eq!(frame.content, "{\"a\":1}");
            Some(recipient)
        }
        Mail::Others => None,
        other => panic!("{full}: {other:?}"),
    };
    assert_eq!(found, expected, "{full}");
}

#[test]
fn a_java_node_means_a_socket_before_a_person_before_everybody_of_a_type() {
    let (tenant, desk) = (TenantId(1), Scope::platform(TenantId(1)));
    check(json!({"sessionId": "s", "userType": 1, "userId": 101}), None);
    check(json!({"sessionId": null, "userType": 1, "userId": 101}), Some(Recipient::MemberAnywhere(tenant, ALICE)));
    check(json!({"sessionId": "", "userType": 1, "userId": "101"}), Some(Recipient::MemberAnywhere(tenant, ALICE)));
    check(json!({"userType": 2, "userId": 7}), Some(Recipient::Admin(tenant, AdminId(7))));
    check(json!({"userType": 1, "userId": null}), Some(Recipient::MembersAnywhere(tenant)));
    check(json!({"userType": 2}), Some(Recipient::AdminsAnywhere(tenant)));
    check(json!({"userType": 3, "userId": 7}), None);
    check(json!({}), None);
    check(json!({"userType": null, "userId": 7}), None);

    let kefu = "kefu_message_type";
    check(json!({"userType": 1, "userId": 101, "messageType": kefu}), Some(Recipient::Member(desk, ALICE)));
    let readers = Recipient::Admins(desk, Permission::MessageQuery);
    check(json!({"userType": 2, "messageType": kefu}), Some(readers));
    check(json!({"userType": 2, "messageType": "kefu_message_read_status_change"}), Some(readers));
}

#[test]
fn a_mall_that_names_no_tenant_is_tenant_zero() {
    for headers in [json!({}), json!(null), json!({"other": "1"})] {
        check(json!({"headers": headers, "userType": 2}), Some(Recipient::AdminsAnywhere(TenantId(0))));
    }
    check(json!({"headers": {"tenant-id": 5}, "userType": 2}), Some(Recipient::AdminsAnywhere(TenantId(5))));
}

#[test]
fn foreign_frames_pass_as_they_are() {
    let mail = json!({"headers": {"tenant-id": "1"}, "userType": 2, "userId": 7, "messageType": "im-notification",
        "messageContent": "{\"text\":\"<b>&\\u003c\"}", "later": [1]});

    let expected = Frame { kind: "im-notification".into(), content: "{\"text\":\"<b>&\\u003c\"}".into() };
    assert_eq!(read(mail.to_string().as_bytes()), Mail::For(Recipient::Admin(TenantId(1), AdminId(7)), expected));
}

#[test]
fn what_no_java_node_writes_is_bad() {
    let long = format!(r#"{{"userType":2,"messageType":"x","messageContent":"{}"}}"#, "x".repeat(256 * 1024));
    let deep = "[".repeat(100_000);
    for text in [
        "",
        "null",
        "\u{0}",
        "{\"userType\":2",
        r#"{"userType":2}"#,
        r#"{"userType":2,"messageType":""}"#,
        r#"{"userType":"two","messageType":"x"}"#,
        r#"{"userType":2,"userId":"seven","messageType":"x"}"#,
        r#"{"userType":2,"userId":1.5,"messageType":"x"}"#,
        r#"{"userType":2,"messageType":"x","messageContent":{}}"#,
        r#"{"userType":2,"messageType":"x","headers":{"tenant-id":"one"}}"#,
        r#"{"userType":2,"messageType":"x","headers":"tenant-id"}"#,
        &long,
        &deep,
    ] {
        assert_eq!(read(text.as_bytes()), Mail::Bad, "{}", &text[..text.len().min(80)]);
    }
}
