use kefu_domain::{
    AdminId, ClientMsgId, Deleted, Fingerprint, Message, MessageId, Outline, Quote, Side, Since, Timestamp, What,
};
use proptest::prelude::*;

use super::*;

const HERE: NodeId = NodeId([1; 8]);
const THERE: NodeId = NodeId([2; 8]);

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![
        any::<i64>().prop_map(|id| Party::Member(MemberId(id))),
        any::<i64>().prop_map(|id| Party::Admin(AdminId(id))),
        Just(Party::System),
    ]
}

prop_compose! {
    fn outline()(
        numbers in any::<(i64, i64, i64, i64)>(),
        head in 1..i64::MAX,
        change in 1..i64::MAX,
        reads in (0.0..=1.0, 0.0..=1.0, 0.0..=1.0),
        marks in any::<(bool, bool)>(),
    ) -> Outline {
        let part = |of: f64| ((head as f64 * of) as i64).min(head);
        Outline {
            conversation: ConversationId(numbers.0),
            scope: Scope { tenant: TenantId(numbers.1), shop: ShopId(numbers.2) },
            member: MemberId(numbers.3),
            head_seq: head,
            change,
            member_read_seq: part(reads.0),
            desk_read_seq: part(reads.1),
            desk_unread: part(reads.2),
            pinned: marks.0,
            hidden: marks.1,
        }
    }
}

prop_compose! {
    fn message(after: Outline)(
        id in any::<i64>(),
        seq in 1..=after.head_seq,
        change in 0..=after.change,
        sender in party(),
        receiver in proptest::option::of(party()),
        kind in any::<i32>(),
        content in any::<String>(),
        key in proptest::option::of("[A-Za-z0-9_-]{1,64}"),
        print in proptest::option::of(any::<[u8; 16]>()),
        quote in proptest::option::of(any::<(i64, i64)>()),
        times in any::<(i64, Option<i64>)>(),
        flags in any::<(bool, bool, bool)>(),
    ) -> Message {
        Message {
            id: MessageId(id),
            conversation: after.conversation,
            seq,
            change,
            sender,
            receiver,
            kind,
            content,
            read: flags.0,
            time: Timestamp(times.0),
            key: key.map(|key| ClientMsgId::new(key).unwrap()),
            fingerprint: print.map(Fingerprint),
            quote: quote.map(|(id, seq)| Quote { id: MessageId(id), seq }),
            revoked: times.1.map(Timestamp),
            deleted: Deleted { by_member: flags.1, by_desk: flags.2 },
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let side = prop_oneof![Just(Side::Member), Just(Side::Desk)];
    (outline(), party(), side).prop_flat_map(|(after, by, side)| {
        let what = prop_oneof![
            message(after).prop_map(What::Posted),
            (0..=after.head_seq).prop_map(move |seq| What::Read(side, seq)),
            any::<bool>().prop_map(What::Pinned),
            Just(What::Hidden),
            message(after).prop_map(What::Revoked),
            message(after).prop_map(move |message| What::Deleted(side, message)),
        ];
        what.prop_map(move |what| Event { after, by, what })
    })
}

proptest! {
    #[test]
    fn whatever_happens_survives_the_wire(event in event(), avatar in proptest::option::of(any::<String>())) {
        let bytes = Hand::of(THERE).news(&event, avatar.as_deref()).unwrap();

        let Ok(Hint::News(news)) = Hand::of(HERE).read(&bytes) else { panic!("{}", String::from_utf8_lossy(&bytes)) };
        prop_assert_eq!(&news.event, &event);
        prop_assert_eq!(&news.avatar, &avatar);
        prop_assert!(news.handed.is_none());
        prop_assert_eq!(Hand::of(THERE).read(&bytes).unwrap_err(), Strange::Own);
    }

    #[test]
    fn whoever_is_writing_survives_the_wire(numbers in any::<(i64, i64, i64, i64)>(), by in party(), on in any::<bool>()) {
        let typing = Typing {
            scope: Scope { tenant: TenantId(numbers.0), shop: ShopId(numbers.1) },
            conversation: ConversationId(numbers.2),
            member: MemberId(numbers.3),
            by,
            on,
        };
        let bytes = Hand::of(THERE).typing(&typing).unwrap();

        let Ok(Hint::Typing(heard)) = Hand::of(HERE).read(&bytes) else { panic!("not typing") };
        prop_assert_eq!(heard, typing);
    }

    #[test]
    fn no_bytes_harm_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        prop_assert_eq!(Hand::of(HERE).read(&bytes).unwrap_err(), Strange::Bad);
    }

    #[test]
    fn no_hint_with_a_few_bytes_changed_harms_a_reader(
        event in event(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Hand::of(THERE).news(&event, None).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = Hand::of(HERE).read(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        prop_assert!(Hand::of(HERE).read(&bytes).is_err());
    }
}

fn posted() -> serde_json::Value {
    serde_json::json!({
        "v": 1, "node": "0202020202020202",
        "news": {
            "conversation": 9, "tenant": 1, "shop": 0, "member": 101, "head": 5, "change": 7, "member_read": 2,
            "desk_read": 3, "unread": 1, "pinned": false, "hidden": false, "by": [1, 101],
            "what": {"posted": {
                "id": 1042, "seq": 5, "change": 7, "sender": [1, 101], "kind": 1, "content": "{\"text\":\"hi\"}",
                "read": false, "time": 1795287600123_i64, "key": "k-1",
                "fingerprint": "0a5ba3c7d43c64bf6dc6a33db4fbd59d",
            }},
        },
    })
}

/// The hint above with one value set, or, where it is null, taken out.
#[track_caller]
fn check(pointer: &str, value: serde_json::Value, good: bool) {
    let mut hint = posted();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = hint.pointer_mut(parent).unwrap();
    if value.is_null() {
        parent.as_object_mut().unwrap().remove(name);
    } else {
        parent[name] = value;
    }
    let read = Hand::of(HERE).read(hint.to_string().as_bytes());
    assert_eq!(read.is_ok(), good, "{pointer} in {hint}: {read:?}");
}

#[test]
fn a_hint_whose_parts_do_not_fit_is_none() {
    use serde_json::{Value, json};
    let message = "/news/what/posted";
    check("/v", json!(1), true);
    check("/v", json!(2), false);
    check("/v", json!("1"), false);
    check("/v", Value::Null, false);
    check("/node", Value::Null, false);
    check("/node", json!(HERE.hex()), false);
    check("/later", json!({"unknown": [1]}), true);
    check("/news", Value::Null, false);
    check("/news", json!([]), false);
    check(
        "/typing",
        json!({"conversation": 9, "tenant": 1, "shop": 0, "member": 101, "by": [1, 101], "on": true}),
        false,
    );
    check("/news/head", json!(4), false);
    check("/news/head", json!(-1), false);
    check("/news/change", json!(6), false);
    check("/news/change", json!(0), false);
    check("/news/member_read", json!(6), false);
    check("/news/desk_read", json!(-1), false);
    check("/news/unread", json!(-1), false);
    check("/news/tenant", json!("1"), false);
    check("/news/tenant", json!(1e300), false);
    check("/news/conversation", json!(u64::MAX), false);
    check("/news/by", json!([3, 5]), false);
    check("/news/by", json!([0, 5]), false);
    check("/news/by", json!([0, 0]), true);
    check("/news/by", json!([1]), false);
    check("/news/what", json!("hidden"), true);
    check("/news/what", json!("exploded"), false);
    check("/news/what", json!({"read": ["desk", 5]}), true);
    check("/news/what", json!({"read": ["desk", 6]}), false);
    check("/news/what", json!({"read": ["nobody", 5]}), false);
    check("/news/what", json!({"caught_up": {}}), false);
    check(&format!("{message}/seq"), json!(0), false);
    check(&format!("{message}/seq"), json!(6), false);
    check(&format!("{message}/key"), json!("with space"), false);
    check(&format!("{message}/key"), Value::Null, true);
    check(&format!("{message}/fingerprint"), json!("0a5b"), false);
    check(&format!("{message}/fingerprint"), json!("+a5ba3c7d43c64bf6dc6a33db4fbd59d"), false);
    check(&format!("{message}/receiver"), json!([9, 1]), false);
    check(&format!("{message}/content"), json!({"text": "hi"}), false);
    check(&format!("{message}/content"), json!("x".repeat(LONGEST)), false);
    check(&format!("{message}/deleted"), json!([true, false]), true);
    check(&format!("{message}/deleted"), json!(true), false);
}

#[test]
fn depth_is_no_weapon() {
    let deep = format!(r#"{{"v":1,"node":"x","news":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));

    assert_eq!(Hand::of(HERE).read(deep.as_bytes()).unwrap_err(), Strange::Bad);
}

#[test]
fn what_a_node_has_found_out_late_and_what_is_too_large_is_not_sent() {
    let Ok(Hint::News(news)) = Hand::of(HERE).read(posted().to_string().as_bytes()) else { panic!("unreadable") };
    let mut event = news.event;
    assert!(Hand::of(THERE).news(&event, None).is_some());
    assert!(Hand::of(THERE).news(&event, Some(&"x".repeat(LONGEST))).is_none());

    let since = Since {
        outline: event.after,
        from: None,
        messages: Vec::new(),
        changed: Vec::new(),
        reset: false,
        more: false,
        admins: std::collections::HashMap::new(),
    };
    event.what = What::CaughtUp(Box::new(since));
    assert!(Hand::of(THERE).news(&event, None).is_none());
}

#[test]
fn the_longest_message_fits() {
    let Ok(Hint::News(news)) = Hand::of(HERE).read(posted().to_string().as_bytes()) else { panic!("unreadable") };
    let mut event = news.event;
    let What::Posted(message) = &mut event.what else { panic!("not posted") };
    message.content = "\u{1}".repeat(8_192);

    assert!(Hand::of(THERE).news(&event, Some(&"\u{1F600}".repeat(2_048))).is_some_and(|it| it.len() < LONGEST / 4));
}
