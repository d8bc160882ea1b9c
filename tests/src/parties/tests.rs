use std::time::Duration;

use serde_json::{Value, json};

use super::{Entry, compare, covers};
use crate::v2::Notebook;
use crate::{MessageRow, PageState, Push, Side, SocketLog, V2Frame};

const CONVERSATION: i64 = 9;

/// Ten messages: 3 was taken back, 4 the member has deleted, 5 is a picture, 6 a card, 7 quotes 1.
fn rows() -> Vec<MessageRow> {
    let row = |seq: i64| MessageRow {
        id: 1_000 + seq,
        conversation: CONVERSATION,
        seq,
        sender_type: 1 + seq % 2,
        sender: if seq % 2 == 0 { 101 } else { 7 },
        key: Some(format!("k{seq}")),
        kind: [(3, 5), (5, 2), (6, 10)].into_iter().find(|(known, _)| *known == seq).map_or(1, |(_, kind)| kind),
        content: match seq {
            3 => "消息已撤回".into(),
            5 => json!({ "picUrl": "https://mall.example/5.png" }).to_string(),
            6 => json!({ "spuId": 1, "spuName": "shoes" }).to_string(),
            _ => json!({ "text": format!("text {seq}") }).to_string(),
        },
        change: seq,
        quote: (seq == 7).then_some(1_001),
        revoked: i64::from(seq == 3),
        member_deleted: i64::from(seq == 4),
        desk_deleted: 0,
        time: 1_795_287_600_000 + seq,
        read: 0,
    };
    (1..=10).map(row).collect()
}

fn log() -> Vec<Entry> {
    rows().iter().map(|row| Entry::of(row, Side::Member)).collect()
}

/// The same in the words of the wire.
fn envelope(seq: i64) -> Value {
    let member = seq % 2 == 0;
    let mut value = json!({
        "category": if member { "customer" } else { "manager" }, "action": "send", "style": "normal", "kind": "text",
        "content": format!("text {seq}"), "from": if member { "member:101" } else { "admin:7" }, "id": 1_000 + seq,
        "created_at": 1_795_287_600_000_i64 + seq,
        "ext": { "conversation": CONVERSATION, "seq": seq, "change": seq, "client_msg_id": format!("k{seq}") },
    });
    match seq {
        3 => {
            (value["is_revoke"], value["style"]) = (true.into(), "toast".into());
            (value["content"], value["quote"]) = ("消息已撤回".into(), value["id"].clone());
        }
        4 => (value["is_delete"], value["content"]) = (true.into(), "".into()),
        5 => (value["kind"], value["content"]) = ("picture".into(), "https://mall.example/5.png".into()),
        6 => (value["style"], value["content"]) = ("card".into(), r#"{"spuName":"shoes","spuId":1}"#.into()),
        7 => value["quote"] = 1_001.into(),
        _ => {}
    }
    value
}

/// What a client shows that was told these in one page.
fn shown(envelopes: &[Value], reset: bool) -> Notebook {
    let mut book = Notebook::new(true);
    let page = json!({ "category": "ack", "action": "resume", "ext": { "conversation": CONVERSATION, "seq": 10,
        "change": 10, "messages": envelopes, "changed": [], "more": false, "reset": reset } });
    book.hear(&V2Frame::parse(&page.to_string(), 1));
    book
}

fn wrong_with(envelopes: &[Value], reset: bool) -> Vec<String> {
    compare(&log(), &shown(envelopes, reset).threads()[&CONVERSATION])
}

fn all() -> Vec<Value> {
    (1..=10).map(envelope).collect()
}

#[test]
fn nothing_is_wrong_with_what_is_stored_or_with_its_newest_page() {
    assert_eq!(wrong_with(&all(), false), [] as [&str; 0]);
    assert_eq!(wrong_with(&all()[6..], true), [] as [&str; 0]);
}

#[test]
fn every_kind_of_difference_is_found() {
    let check = |name: &str, spoil: &dyn Fn(&mut Vec<Value>), complaint: &str| {
        let mut envelopes = all();
        spoil(&mut envelopes);
        let wrong = wrong_with(&envelopes, false);
        assert!(wrong.iter().any(|wrong| wrong.contains(complaint)), "{name}: {wrong:?}");
    };
    let set = |n: usize, field: &'static str, to: Value| move |all: &mut Vec<Value>| all[n][field] = to.clone();

    check("one lost at the end", &|all| drop(all.pop()), "10 is missing");
    check("one lost in the middle", &|all| drop(all.remove(4)), "6 stands where 5 should");
    check("the first lost", &|all| drop(all.remove(0)), "it begins with 2");
    check("one too many", &|all| all.push(envelope(11)), "11 is not stored");
    check("another id", &set(7, "id", 77.into()), "8 is (77");
    check("another sender", &set(7, "from", "member:102".into()), "member:102");
    check("another time", &set(7, "created_at", 5.into()), "8 is ");
    check("another text", &set(7, "content", "text 9".into()), "8 says something else");
    check("another card", &set(5, "content", r#"{"spuId":2}"#.into()), "6 says something else");
    check("no tombstone", &set(2, "is_revoke", false.into()), "3 is ");
    check("a deleted one shown", &set(3, "is_delete", false.into()), "4 is ");
    check("a deleted one readable", &set(3, "content", "text 4".into()), "4 says something else");
    check("another style", &set(5, "style", "normal".into()), "6 is \"normal\" and not \"card\"");
    check("another quote", &set(6, "quote", 1_002.into()), "7 quotes another message");
    check("another key", &|all| all[7]["ext"]["client_msg_id"] = "other".into(), "8 has another key");
}

fn push(seq: i64) -> Push {
    Push {
        id: 1_000 + seq,
        seq,
        conversation: CONVERSATION,
        kind: 1,
        content: String::new(),
        time: 1_795_287_600_000 + seq,
        at: Duration::ZERO,
    }
}

/// A page that was pushed these on its sockets, and has asked once.
fn page(sockets: &[&[i64]], list: &[i64]) -> PageState {
    let pushes = |seqs: &&[i64]| SocketLog { pushes: seqs.iter().map(|seq| push(*seq)).collect(), ..<_>::default() };
    let lists = vec![list.iter().map(|seq| push(*seq)).collect()];
    PageState { sockets: sockets.iter().map(pushes).collect(), lists, ..PageState::default() }
}

#[test]
fn a_page_may_hear_in_pieces_and_again_on_another_socket() {
    let heard = page(&[&[1, 2, 3], &[3, 7, 8]], &[10, 9, 6, 5]);
    assert_eq!(covers(&log(), CONVERSATION, &heard), [] as [&str; 0], "4 the member has deleted");
}

#[test]
fn what_a_page_missed_or_heard_wrongly_is_found() {
    let check = |name: &str, heard: &PageState, complaint: &str| {
        let wrong = covers(&log(), CONVERSATION, heard);
        assert!(wrong.len() == 1 && wrong[0].contains(complaint), "{name}: {wrong:?}");
    };
    let rest = [10, 9, 8, 7, 6, 5];
    check("one missed", &page(&[&[1, 2]], &rest), "3 was neither pushed nor listed");
    check("one twice", &page(&[&[1, 2, 2, 3]], &rest), "on socket 0 came something twice: [1, 2, 2, 3]");
    check("one too early", &page(&[&[], &[1, 3, 2]], &rest), "on socket 1 came something too early");
    check("one that is not stored", &page(&[&[1, 2, 3, 11]], &rest), "11 came on a socket and is not stored so");
    check("one listed that is not stored", &page(&[&[1, 2, 3]], &[12, 9, 8, 7, 6, 5, 10]), "12 came in a list");
    let mut other_time = page(&[&[1, 2, 3]], &rest);
    other_time.sockets[0].pushes[1].time += 1;
    check("another time than stored", &other_time, "2 came on a socket");
    let mut unreadable = page(&[&[1, 2, 3]], &rest);
    unreadable.sockets[0].unreadable.push("{}".into());
    check("a frame that no page reads", &unreadable, "unreadable");
}
