//! What is understood of what clients say.

use kefu_domain::{ClientMsgId, ConversationId, Cursor, MessageId, ShopId};
use kefu_push::v2::{Action, Auth, Heard, Misheard, Said, Up, hear};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn members(frame: Value) -> Map<String, Value> {
    match frame {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn key(text: &str) -> ClientMsgId {
    ClientMsgId::new(text).unwrap()
}

fn cursor(conversation: i64, seq: i64, change: i64) -> Cursor {
    Cursor { conversation: ConversationId(conversation), seq, change }
}

#[track_caller]
fn check(frame: Value, up: Up) {
    assert_eq!(hear(&members(frame.clone())).map(|heard| heard.up), Ok(up), "{frame}");
}

#[track_caller]
fn refused(frame: Value, action: Option<Action>, why: &str) {
    let misheard = hear(&members(frame.clone())).unwrap_err();
    assert_eq!((misheard.action, misheard.why), (action, why), "{frame}");
}

#[test]
fn a_client_says_who_it_is() {
    check(
        json!({ "action": "auth", "content": "kt_1" }),
        Up::Auth(Auth { credential: "kt_1".into(), shop: ShopId(0), epoch: None, resume: None }),
    );
    check(
        json!({ "action": "auth", "content": "t", "ext": { "shop": "3", "epoch": "e", "resume": [[9, 41, 77], ["10", 3, 4]] } }),
        Up::Auth(Auth {
            credential: "t".into(),
            shop: ShopId(3),
            epoch: Some("e".into()),
            resume: Some(vec![cursor(9, 41, 77), cursor(10, 3, 4)]),
        }),
    );
    check(
        json!({ "action": "auth", "content": "t", "ext": { "resume": [] } }),
        Up::Auth(Auth { credential: "t".into(), shop: ShopId(0), epoch: None, resume: Some(Vec::new()) }),
    );
}

#[test]
fn every_frame_of_the_protocol_is_understood() {
    let conversation = Some(ConversationId(9));
    check(
        json!({ "action": "resume", "ext": { "resume": [[9, -1, 0]] } }),
        Up::Resume { epoch: None, cursors: Some(vec![cursor(9, -1, 0)]), drop: Vec::new() },
    );
    check(
        json!({ "action": "send", "style": "normal", "kind": "text", "content": "hi", "quote": "7",
                "ext": { "conversation": 9, "client_msg_id": "k" } }),
        Up::Send(Said {
            conversation,
            kind: 1,
            content: r#"{"text":"hi"}"#.into(),
            key: key("k"),
            quote: Some(MessageId(7)),
        }),
    );
    check(
        json!({ "action": "send", "kind": "audio", "content": "/a.mp3", "ext": { "duration": 2.5, "client_msg_id": "k" } }),
        Up::Send(Said {
            conversation: None,
            kind: 3,
            content: r#"{"url":"/a.mp3","duration":2.5}"#.into(),
            key: key("k"),
            quote: None,
        }),
    );
    check(json!({ "action": "read", "ext": { "conversation": 9, "seq": 5 } }), Up::Read { conversation, seq: 5 });
    check(json!({ "action": "revoke", "quote": 7 }), Up::Revoke { conversation: None, message: MessageId(7) });
    check(
        json!({ "action": "delete", "quote": "9007199254740993", "ext": { "conversation": 9 } }),
        Up::Delete { conversation, message: MessageId(9_007_199_254_740_993) },
    );
    check(json!({ "action": "typing", "content": "on" }), Up::Typing { conversation: None, on: true });
    check(
        json!({ "action": "typing", "content": "off", "ext": { "conversation": 9 } }),
        Up::Typing { conversation, on: false },
    );
    check(json!({ "category": "heartbeat" }), Up::Heartbeat { received: Vec::new() });
    check(
        json!({ "category": "heartbeat", "ext": { "received": [[9, 1, 2]] } }),
        Up::Heartbeat { received: vec![cursor(9, 1, 2)] },
    );
    check(
        json!({ "category": "receive", "ext": { "received": [[9, 1, 2]] } }),
        Up::Receive { received: vec![cursor(9, 1, 2)] },
    );
}

#[test]
fn a_client_says_what_it_follows_no_longer_and_need_not_ask_for_anything() {
    let dropped = |ids: &[i64]| ids.iter().copied().map(ConversationId).collect::<Vec<_>>();
    let resume = |cursors: Option<Vec<Cursor>>, ids: &[i64]| Up::Resume { epoch: None, cursors, drop: dropped(ids) };

    check(json!({ "action": "resume", "ext": { "drop": [9, "10"] } }), resume(None, &[9, 10]));
    check(json!({ "action": "resume", "ext": { "resume": [], "drop": [9] } }), resume(Some(Vec::new()), &[9]));
    check(json!({ "action": "resume", "ext": { "resume": [], "drop": null } }), resume(Some(Vec::new()), &[]));
    check(
        json!({ "action": "resume", "ext": { "resume": [[1, 2, 3]], "drop": [9] } }),
        resume(Some(vec![cursor(1, 2, 3)]), &[9]),
    );

    let resume = Some(Action::Resume);
    refused(json!({ "action": "resume", "ext": { "drop": [] } }), resume, "ext.resume is missing");
    for bad in [json!(9), json!([[9, 1, 2]]), json!(["x"]), json!((0..65).collect::<Vec<_>>())] {
        let why = "ext.drop is a list of at most 64 conversations";
        refused(json!({ "action": "resume", "ext": { "drop": bad } }), resume, why);
    }
}

#[test]
fn what_nobody_here_knows_and_what_is_null_is_as_good_as_absent() {
    check(
        json!({ "category": "customer", "action": "read", "style": 7, "task_id": {}, "quote": null, "x": [[]],
                "ext": { "conversation": null, "seq": 5, "y": 1, "client_msg_id": null } }),
        Up::Read { conversation: None, seq: 5 },
    );
    check(json!({ "category": "receive", "action": 7, "ext": null }), Up::Receive { received: Vec::new() });
}

#[test]
fn what_is_not_what_it_should_be_is_refused_by_name() {
    let (send, auth, typing) = (Some(Action::Send), Some(Action::Auth), Some(Action::Typing));

    refused(json!({}), None, "action is missing");
    refused(json!({ "action": 7 }), None, "action is a text");
    refused(json!({ "action": "Send" }), None, "action is not one that can be asked for");
    refused(json!({ "action": "bye" }), None, "action is not one that can be asked for");
    refused(json!({ "action": "update" }), None, "action is not one that can be asked for");
    refused(json!({ "category": {} }), None, "category is a text");
    refused(json!({ "action": "auth", "ext": [] }), auth, "ext is an object");
    refused(json!({ "action": "auth" }), auth, "content is a text");
    refused(json!({ "action": "auth", "content": 7 }), auth, "content is a text");
    refused(json!({ "action": "auth", "content": "t", "ext": { "shop": 1.5 } }), auth, "ext.shop is an id");
    refused(json!({ "action": "auth", "content": "t", "ext": { "epoch": 1 } }), auth, "ext.epoch is a text");
    for bad in
        [json!({}), json!([9]), json!([[9, 1]]), json!([[9, 1, 2, 3]]), json!([[9, 1, "x"]]), json!([[9, 1, null]])]
    {
        let why = "positions are a list of [conversation, seq, change]";
        refused(json!({ "action": "auth", "content": "t", "ext": { "resume": bad } }), auth, why);
        refused(json!({ "category": "receive", "ext": { "received": bad } }), None, why);
    }
    refused(json!({ "action": "resume" }), Some(Action::Resume), "ext.resume is missing");
    refused(json!({ "action": "send", "kind": "text", "content": "x" }), send, "ext.client_msg_id is missing");
    refused(json!({ "action": "send", "kind": "text", "ext": { "client_msg_id": "k" } }), send, "content is a text");
    refused(
        json!({ "action": "send", "kind": "film", "content": "x", "ext": { "client_msg_id": "k" } }),
        send,
        "style and kind name no content that can be sent",
    );
    refused(
        json!({ "action": "send", "kind": "text", "content": "x", "quote": "x", "ext": { "client_msg_id": "k" } }),
        send,
        "quote is the id of a message",
    );
    refused(json!({ "action": "read" }), Some(Action::Read), "ext.seq is missing");
    refused(json!({ "action": "read", "ext": { "seq": "x" } }), Some(Action::Read), "ext.seq is a number");
    refused(
        json!({ "action": "read", "ext": { "conversation": {}, "seq": 1 } }),
        Some(Action::Read),
        "ext.conversation is an id",
    );
    refused(json!({ "action": "revoke" }), Some(Action::Revoke), "quote is missing");
    refused(json!({ "action": "delete", "quote": {} }), Some(Action::Delete), "quote is the id of a message");
    refused(json!({ "action": "typing" }), typing, "content is on or off");
    refused(json!({ "action": "typing", "content": "maybe" }), typing, "content is on or off");
}

#[test]
fn sixty_four_conversations_are_resumed_at_once_and_no_more() {
    let cursors = |count: i64| (0..count).map(|id| json!([id, 1, 1])).collect::<Vec<_>>();
    let resume = |count| hear(&members(json!({ "action": "resume", "ext": { "resume": cursors(count) } })));

    assert!(resume(64).is_ok());
    assert_eq!(resume(65).unwrap_err().why, "ext.resume names more than 64 conversations");
    let many = hear(&members(json!({ "category": "receive", "ext": { "received": cursors(1_000) } })));
    assert!(many.is_ok());
}

#[test]
fn an_answer_can_name_the_frame_that_it_answers() {
    let answered = |frame| match hear(&members(frame)) {
        Ok(Heard { client_msg_id, .. }) | Err(Misheard { client_msg_id, .. }) => client_msg_id,
    };

    assert_eq!(answered(json!({ "action": "read", "ext": { "seq": 1, "client_msg_id": "a" } })), Some(key("a")));
    assert_eq!(answered(json!({ "action": "read", "ext": { "client_msg_id": "a" } })), Some(key("a")));
    assert_eq!(answered(json!({ "action": "nonsense", "ext": { "client_msg_id": "a" } })), Some(key("a")));
    assert_eq!(answered(json!({ "category": "heartbeat", "ext": { "client_msg_id": "a" } })), Some(key("a")));
    assert_eq!(answered(json!({ "action": "read", "ext": { "seq": 1 } })), None);

    let wrong = "ext.client_msg_id is 1 to 64 of A-Z, a-z, 0-9, _ and -";
    for bad in [json!(""), json!("a b"), json!(7), json!("x".repeat(65))] {
        refused(json!({ "action": "read", "ext": { "seq": 1, "client_msg_id": bad } }), Some(Action::Read), wrong);
    }
}

#[test]
fn what_is_heard_is_not_shown_by_its_debug_text() {
    let auth = hear(&members(json!({ "action": "auth", "content": "secret" }))).unwrap();
    let said = hear(&members(
        json!({ "action": "send", "kind": "text", "content": "secret", "ext": { "client_msg_id": "k" } }),
    ));

    let told = format!("{auth:?} {said:?}");

    assert!(told.contains("Auth") && told.contains("Send") && !told.contains("secret"), "{told}");
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(on|off|text|card|[0-9]{1,3}|.{0,5})".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("(conversation|seq|resume|x)", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_said_is_understood_or_refused(
        action in "(auth|resume|send|read|revoke|delete|typing|update|bye|x)",
        rest in proptest::collection::btree_map("(category|style|kind|content|quote|ext)", anything(), 0..6),
    ) {
        let mut frame = members(json!(rest));
        frame.insert("action".into(), action.into());

        if let Ok(Heard { up: Up::Send(said), client_msg_id }) = hear(&frame) {
            prop_assert_eq!(Some(said.key), client_msg_id);
        }
    }
}
