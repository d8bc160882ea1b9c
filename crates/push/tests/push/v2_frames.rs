//! The frames of `kefu.v2`, to the byte.

use std::collections::HashMap;
use std::time::Duration;

use kefu_domain::{
    Announcement, Announcer, Deleted, MemberId, Message, MessageId, Party, Profile, Quote, Scope, Side, TOMBSTONE,
    Timestamp, Typing, What,
};
use kefu_push::{Hub, v2 as frames};

use crate::common::{ALICE, BOB, DAVE, OTHER_SHOP, SHOP, THREAD, did, message, only, outline, posted, v2, waiting};

/// Alice's conversation.
const WHOSE: (Scope, MemberId) = (SHOP, MemberId(101));

/// What each side is told.
#[track_caller]
fn check(news: Announcement, member: &str, desk: &str) {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(v2(SHOP, ALICE));
    let (_dave, mut dave) = hub.join(v2(SHOP, DAVE));

    hub.announce(vec![news]);

    assert_eq!(only(&mut alice), member);
    assert_eq!(only(&mut dave), desk);
}

fn revoked(by: Party, seq: i64) -> Message {
    let revoked = Some(Timestamp(1_795_287_700_000));
    Message { kind: 5, content: TOMBSTONE.into(), revoked, change: 9, ..message(by, seq) }
}

fn deleted(by: Side, message: Message) -> Message {
    let deleted = Deleted { by_member: by == Side::Member, by_desk: by == Side::Desk };
    Message { deleted, ..message }
}

#[test]
fn a_message_of_the_member() {
    let mut news = posted(Message { content: r#"{"text":"<hi>"}"#.into(), ..message(ALICE, 5) });
    news.event.after.desk_unread = 3;
    news.avatar = Some("http://…".into());

    check(
        news,
        r#"{"category":"customer","action":"send","style":"normal","kind":"text","content":"<hi>","from":"member:101","to":"shop:0","id":1005,"created_at":1795287600005,"is_read":false,"ext":{"conversation":1,"shop":0,"seq":5,"change":5,"client_msg_id":"k5","avatar":"http://…"}}"#,
        r#"{"category":"customer","action":"send","style":"normal","kind":"text","content":"<hi>","from":"member:101","to":"shop:0","id":1005,"created_at":1795287600005,"is_read":false,"ext":{"conversation":1,"shop":0,"member":101,"seq":5,"change":5,"unread":3,"client_msg_id":"k5","avatar":"http://…"}}"#,
    );
}

#[test]
fn a_message_of_the_desk_that_quotes_and_carries_a_file() {
    let news = posted(Message {
        kind: 6,
        content: r#"{"url":"/a.pdf","name":"a.pdf","size":10}"#.into(),
        quote: Some(Quote { id: MessageId(9_007_199_254_740_991), seq: 1 }),
        key: None,
        ..message(BOB, 2)
    });

    check(
        news,
        r#"{"category":"manager","action":"send","style":"normal","kind":"file","content":"/a.pdf","from":"admin:7","to":"member:101","id":1002,"created_at":1795287600002,"is_read":false,"quote":"9007199254740991","ext":{"conversation":1,"shop":0,"seq":2,"change":2,"quote_seq":1,"name":"a.pdf","size":10}}"#,
        r#"{"category":"manager","action":"send","style":"normal","kind":"file","content":"/a.pdf","from":"admin:7","to":"member:101","id":1002,"created_at":1795287600002,"is_read":false,"quote":"9007199254740991","ext":{"conversation":1,"shop":0,"member":101,"seq":2,"change":2,"unread":0,"quote_seq":1,"name":"a.pdf","size":10}}"#,
    );
}

#[test]
fn a_system_line() {
    check(
        posted(Message { kind: 5, content: "closed".into(), ..message(Party::System, 1) }),
        r#"{"category":"system","action":"send","style":"toast","kind":"text","content":"closed","from":"system","to":"member:101","id":1001,"created_at":1795287600001,"is_read":false,"ext":{"conversation":1,"shop":0,"seq":1,"change":1,"client_msg_id":"k1"}}"#,
        r#"{"category":"system","action":"send","style":"toast","kind":"text","content":"closed","from":"system","to":"member:101","id":1001,"created_at":1795287600001,"is_read":false,"ext":{"conversation":1,"shop":0,"member":101,"seq":1,"change":1,"unread":0,"client_msg_id":"k1"}}"#,
    );
}

#[test]
fn reading_is_told_to_both_sides() {
    check(
        did(BOB, What::Read(Side::Desk, 4)),
        r#"{"category":"manager","action":"read","from":"admin:7","ext":{"conversation":1,"shop":0,"seq":4,"change":1}}"#,
        r#"{"category":"manager","action":"read","from":"admin:7","ext":{"conversation":1,"shop":0,"member":101,"seq":4,"change":1,"unread":0}}"#,
    );
    check(
        did(ALICE, What::Read(Side::Member, 4)),
        r#"{"category":"customer","action":"read","from":"member:101","ext":{"conversation":1,"shop":0,"seq":4,"change":1}}"#,
        r#"{"category":"customer","action":"read","from":"member:101","ext":{"conversation":1,"shop":0,"member":101,"seq":4,"change":1,"unread":0}}"#,
    );
}

#[test]
fn a_message_that_was_taken_back_is_its_tombstone() {
    let mut news = did(ALICE, What::Revoked(revoked(ALICE, 5)));
    news.event.after.change = 9;

    check(
        news,
        r#"{"category":"customer","action":"revoke","style":"toast","kind":"text","content":"消息已撤回","from":"member:101","to":"shop:0","id":1005,"created_at":1795287600005,"is_read":false,"is_revoke":true,"quote":1005,"ext":{"conversation":1,"shop":0,"seq":5,"change":9,"client_msg_id":"k5"}}"#,
        r#"{"category":"customer","action":"revoke","style":"toast","kind":"text","content":"消息已撤回","from":"member:101","to":"shop:0","id":1005,"created_at":1795287600005,"is_read":false,"is_revoke":true,"quote":1005,"ext":{"conversation":1,"shop":0,"member":101,"seq":5,"change":9,"unread":0,"client_msg_id":"k5"}}"#,
    );
}

const UPDATE: &str = r#"{"category":"system","action":"update","ext":{"conversation":1,"shop":0,"change":1}}"#;
const UPDATE_AT_THE_DESK: &str = r#"{"category":"system","action":"update","ext":{"conversation":1,"shop":0,"member":101,"change":1,"unread":0,"pinned":false,"hidden":false}}"#;

#[test]
fn what_a_side_deletes_is_told_to_it_alone_and_the_other_hears_a_number() {
    check(
        did(ALICE, What::Deleted(Side::Member, deleted(Side::Member, message(BOB, 5)))),
        r#"{"category":"manager","action":"delete","style":"toast","kind":"text","content":"","from":"admin:7","to":"member:101","id":1005,"created_at":1795287600005,"is_read":false,"is_delete":true,"quote":1005,"ext":{"conversation":1,"shop":0,"seq":5,"change":1,"client_msg_id":"k5"}}"#,
        UPDATE_AT_THE_DESK,
    );
    check(
        did(BOB, What::Deleted(Side::Desk, deleted(Side::Desk, message(ALICE, 5)))),
        UPDATE,
        r#"{"category":"customer","action":"delete","style":"toast","kind":"text","content":"","from":"member:101","to":"shop:0","id":1005,"created_at":1795287600005,"is_read":false,"is_delete":true,"quote":1005,"ext":{"conversation":1,"shop":0,"member":101,"seq":5,"change":1,"unread":0,"client_msg_id":"k5"}}"#,
    );
}

#[test]
fn what_both_sides_have_deleted_is_told_to_the_one_that_does_it_now() {
    let deleted = Message { deleted: Deleted { by_member: true, by_desk: true }, ..message(ALICE, 5) };
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(v2(SHOP, ALICE));

    hub.announce(vec![did(BOB, What::Deleted(Side::Desk, deleted))]);

    assert_eq!(only(&mut alice), UPDATE);
}

#[test]
fn of_what_a_side_has_deleted_it_is_not_even_told_that_it_was_taken_back() {
    let gone = deleted(Side::Member, revoked(BOB, 5));

    let shown = |reader| serde_json::to_value(frames::message(&gone, WHOSE, reader, None)).unwrap();

    let (hers, theirs) = (shown(Side::Member), shown(Side::Desk));
    assert_eq!((&hers["is_delete"], hers.get("is_revoke"), &hers["content"]), (&true.into(), None, &"".into()));
    assert_eq!((theirs.get("is_delete"), &theirs["is_revoke"]), (None, &true.into()));
}

#[test]
fn whoever_had_deleted_what_is_taken_back_hears_a_number() {
    let news = did(ALICE, What::Revoked(deleted(Side::Desk, revoked(ALICE, 5))));
    let hub = Hub::new();
    let (_bob, mut bob) = hub.join(v2(SHOP, BOB));

    hub.announce(vec![news]);

    assert_eq!(only(&mut bob), UPDATE_AT_THE_DESK);
}

#[test]
fn pins_and_hiding_are_the_desks_own_affair() {
    let mut pinned = did(BOB, What::Pinned(true));
    pinned.event.after.pinned = true;
    pinned.event.after.desk_unread = 4;
    let mut hidden = did(BOB, What::Hidden);
    hidden.event.after.hidden = true;

    check(
        pinned,
        UPDATE,
        r#"{"category":"system","action":"update","ext":{"conversation":1,"shop":0,"member":101,"change":1,"unread":4,"pinned":true,"hidden":false}}"#,
    );
    check(
        hidden,
        UPDATE,
        r#"{"category":"system","action":"update","ext":{"conversation":1,"shop":0,"member":101,"change":1,"unread":0,"pinned":false,"hidden":true}}"#,
    );
}

#[test]
fn somebody_is_writing_or_has_stopped_to() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(v2(OTHER_SHOP, ALICE));
    let (_bob, mut bob) = hub.join(v2(OTHER_SHOP, BOB));
    let typing = |by, on| Typing { scope: OTHER_SHOP, conversation: THREAD, member: MemberId(101), by, on };

    hub.whisper(&typing(ALICE, true));
    hub.whisper(&typing(DAVE, false));

    let heard: Vec<_> = waiting(&mut bob).into_iter().map(|parcel| parcel.text).collect();
    assert_eq!(
        heard,
        [
            r#"{"category":"customer","action":"typing","content":"on","from":"member:101","ext":{"conversation":1,"shop":9,"member":101}}"#,
            r#"{"category":"manager","action":"typing","content":"off","from":"admin:8","ext":{"conversation":1,"shop":9,"member":101}}"#,
        ]
    );
    assert_eq!(
        only(&mut alice),
        r#"{"category":"manager","action":"typing","content":"off","from":"admin:8","ext":{"conversation":1,"shop":9}}"#
    );
}

#[test]
fn a_server_that_stops_says_bye() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(v2(SHOP, ALICE));

    assert!(!hub.is_leaving());
    hub.bye(Duration::from_secs(5));

    assert!(hub.is_leaving());
    assert_eq!(only(&mut alice), r#"{"category":"system","action":"bye","ext":{"within":5000}}"#);
}

/// A tombstone, a message that the desk has deleted, one with a picture, and, further up, two old ones.
fn missed() -> kefu_domain::Since {
    let mut outline = outline(7);
    (outline.change, outline.member_read_seq, outline.desk_read_seq, outline.desk_unread) = (12, 4, 5, 1);
    outline.pinned = true;
    let avatar = Profile { nickname: None, avatar: Some("/bob.png".into()) };
    kefu_domain::Since {
        outline,
        from: Some(kefu_domain::Cursor { conversation: outline.conversation, seq: 4, change: 1 }),
        messages: vec![revoked(ALICE, 5), deleted(Side::Desk, message(ALICE, 6)), message(BOB, 7)],
        changed: vec![revoked(BOB, 1), deleted(Side::Desk, message(ALICE, 2)), deleted(Side::Member, message(BOB, 3))],
        reset: false,
        more: false,
        admins: HashMap::from([(kefu_domain::AdminId(7), avatar)]),
    }
}

#[test]
fn what_was_missed_is_one_frame_in_which_each_side_sees_its_own() {
    let (outline, since) = (missed().outline, missed());
    let news = Announcement {
        event: kefu_domain::Event { after: outline, by: Party::System, what: What::CaughtUp(Box::new(since)) },
        avatar: None,
        handed: None,
    };

    check(
        news,
        concat!(
            r#"{"category":"ack","action":"resume","ext":{"conversation":1,"shop":0,"seq":7,"change":12,"member_read":4,"desk_read":5,"unread":1,"messages":["#,
            r#"{"category":"customer","action":"send","style":"toast","kind":"text","content":"消息已撤回","from":"member:101","to":"shop:0","id":1005,"created_at":1795287600005,"is_read":false,"is_revoke":true,"ext":{"conversation":1,"shop":0,"seq":5,"change":9,"client_msg_id":"k5"}},"#,
            r#"{"category":"customer","action":"send","style":"normal","kind":"text","content":"6","from":"member:101","to":"shop:0","id":1006,"created_at":1795287600006,"is_read":false,"ext":{"conversation":1,"shop":0,"seq":6,"change":6,"client_msg_id":"k6"}},"#,
            r#"{"category":"manager","action":"send","style":"normal","kind":"text","content":"7","from":"admin:7","to":"member:101","id":1007,"created_at":1795287600007,"is_read":false,"ext":{"conversation":1,"shop":0,"seq":7,"change":7,"client_msg_id":"k7","avatar":"/bob.png"}}"#,
            r#"],"changed":["#,
            r#"{"category":"manager","action":"revoke","style":"toast","kind":"text","content":"消息已撤回","from":"admin:7","to":"member:101","id":1001,"created_at":1795287600001,"is_read":false,"is_revoke":true,"quote":1001,"ext":{"conversation":1,"shop":0,"seq":1,"change":9,"client_msg_id":"k1","avatar":"/bob.png"}},"#,
            r#"{"category":"manager","action":"delete","style":"toast","kind":"text","content":"","from":"admin:7","to":"member:101","id":1003,"created_at":1795287600003,"is_read":false,"is_delete":true,"quote":1003,"ext":{"conversation":1,"shop":0,"seq":3,"change":3,"client_msg_id":"k3"}}"#,
            r#"],"more":false,"reset":false,"since":[4,1]}}"#,
        ),
        concat!(
            r#"{"category":"ack","action":"resume","ext":{"conversation":1,"shop":0,"member":101,"seq":7,"change":12,"member_read":4,"desk_read":5,"unread":1,"pinned":true,"hidden":false,"messages":["#,
            r#"{"category":"customer","action":"send","style":"toast","kind":"text","content":"消息已撤回","from":"member:101","to":"shop:0","id":1005,"created_at":1795287600005,"is_read":false,"is_revoke":true,"ext":{"conversation":1,"shop":0,"member":101,"seq":5,"change":9,"client_msg_id":"k5"}},"#,
            r#"{"category":"customer","action":"send","style":"toast","kind":"text","content":"","from":"member:101","to":"shop:0","id":1006,"created_at":1795287600006,"is_read":false,"is_delete":true,"ext":{"conversation":1,"shop":0,"member":101,"seq":6,"change":6,"client_msg_id":"k6"}},"#,
            r#"{"category":"manager","action":"send","style":"normal","kind":"text","content":"7","from":"admin:7","to":"member:101","id":1007,"created_at":1795287600007,"is_read":false,"ext":{"conversation":1,"shop":0,"member":101,"seq":7,"change":7,"client_msg_id":"k7","avatar":"/bob.png"}}"#,
            r#"],"changed":["#,
            r#"{"category":"manager","action":"revoke","style":"toast","kind":"text","content":"消息已撤回","from":"admin:7","to":"member:101","id":1001,"created_at":1795287600001,"is_read":false,"is_revoke":true,"quote":1001,"ext":{"conversation":1,"shop":0,"member":101,"seq":1,"change":9,"client_msg_id":"k1","avatar":"/bob.png"}},"#,
            r#"{"category":"customer","action":"delete","style":"toast","kind":"text","content":"","from":"member:101","to":"shop:0","id":1002,"created_at":1795287600002,"is_read":false,"is_delete":true,"quote":1002,"ext":{"conversation":1,"shop":0,"member":101,"seq":2,"change":2,"client_msg_id":"k2"}}"#,
            r#"],"more":false,"reset":false,"since":[4,1]}}"#,
        ),
    );
}

#[test]
fn whoever_asks_is_also_told_which_life_of_the_database_it_is() {
    let since = kefu_domain::Since {
        from: None,
        messages: Vec::new(),
        changed: Vec::new(),
        reset: true,
        more: true,
        ..missed()
    };

    let asked = frames::since(&since, Side::Member, Some("0123456789abcdef"));

    let ext = r#"{"conversation":1,"shop":0,"seq":7,"change":12,"member_read":4,"desk_read":5,"messages":[],"changed":[],"more":true,"reset":true,"epoch":"0123456789abcdef"}"#;
    assert_eq!(serde_json::to_string(&asked).unwrap(), ext);
    assert_eq!(asked.frame(), format!(r#"{{"category":"ack","action":"resume","ext":{ext}}}"#));
}

#[test]
fn a_member_is_told_how_much_is_unread_only_where_it_is_all_there() {
    let unread = |read, more, messages: &[i64]| {
        let mut since = kefu_domain::Since { more, changed: Vec::new(), ..missed() };
        since.outline.member_read_seq = read;
        since.messages = messages.iter().map(|&seq| message(if seq == 6 { ALICE } else { BOB }, seq)).collect();
        let ext = serde_json::to_value(frames::since(&since, Side::Member, None)).unwrap();
        ext.get("unread").and_then(serde_json::Value::as_i64)
    };

    assert_eq!(unread(7, false, &[]), Some(0), "nothing is missing, and nothing unread");
    assert_eq!(unread(4, false, &[5, 6, 7]), Some(2), "one of the three is her own");
    assert_eq!(unread(5, false, &[4, 5, 6, 7]), Some(1));
    assert_eq!(unread(3, false, &[5, 6, 7]), None, "whose the fourth is is not known");
    assert_eq!(unread(4, false, &[]), None);
    assert_eq!(unread(4, true, &[5, 6]), None);
}

#[test]
fn a_message_alone_is_as_it_is_in_a_list() {
    let said = message(BOB, 5);

    let shown = serde_json::to_string(&frames::message(&said, WHOSE, Side::Member, Some("/b.png"))).unwrap();

    assert_eq!(
        shown,
        r#"{"category":"manager","action":"send","style":"normal","kind":"text","content":"5","from":"admin:7","to":"member:101","id":1005,"created_at":1795287600005,"is_read":false,"ext":{"conversation":1,"shop":0,"seq":5,"change":5,"client_msg_id":"k5","avatar":"/b.png"}}"#
    );
}
