//! The rules by which a client applies, without any socket.

use serde_json::{Value, json};

use super::super::{Anomaly, Cursor, Notebook, Outbox, V2Frame};
use std::time::Duration;
use tokio::time::Instant;

fn frame(value: Value) -> V2Frame {
    V2Frame::parse(&value.to_string(), 1)
}

fn envelope(seq: i64, change: i64) -> Value {
    json!({
        "category": "customer", "action": "send", "style": "normal", "kind": "text", "content": format!("text {seq}"),
        "from": "member:101", "to": "shop:0", "id": 1_000 + seq, "created_at": 1_795_287_600_000_i64 + seq,
        "is_read": false, "ext": { "conversation": 9, "seq": seq, "change": change, "client_msg_id": format!("k{seq}") },
    })
}

fn message(seq: i64, change: i64) -> V2Frame {
    frame(envelope(seq, change))
}

fn tombstone(seq: i64, change: i64) -> Value {
    let mut value = envelope(seq, change);
    for (field, of) in [("action", json!("revoke")), ("style", json!("toast")), ("content", json!("消息已撤回"))] {
        value[field] = of;
    }
    (value["is_revoke"], value["quote"]) = (true.into(), value["id"].clone());
    value
}

fn page(head: (i64, i64), messages: &[Value], changed: &[Value], ext: Value) -> V2Frame {
    let mut value = json!({ "category": "ack", "action": "resume", "ext": {
        "conversation": 9, "shop": 0, "member": 101, "seq": head.0, "change": head.1, "member_read": 0, "desk_read": 0,
        "unread": 0, "pinned": false, "hidden": false, "messages": messages, "changed": changed, "more": false,
        "reset": false, "epoch": "e",
    } });
    for (name, of) in ext.as_object().unwrap() {
        value["ext"][name] = of.clone();
    }
    frame(value)
}

fn member() -> Notebook {
    Notebook::new(true)
}

fn seqs(notebook: &Notebook) -> Vec<i64> {
    notebook.threads()[&9].applied().iter().map(|applied| applied.seq).collect()
}

fn cursor(seq: i64, change: i64) -> Cursor {
    Cursor { conversation: 9, seq, change }
}

#[test]
fn the_next_change_is_applied_an_old_one_ignored_and_above_that_is_a_gap() {
    let mut book = member();
    for change in 1..=2 {
        assert_eq!(book.hear(&message(change, change)), None);
    }

    assert_eq!(book.hear(&message(2, 2)), None, "known");
    let wish = book.hear(&message(4, 4)).expect("a gap");

    assert_eq!(wish.cursor, cursor(2, 2));
    assert_eq!(book.hear(&message(5, 5)), None, "what is missing was asked for already");
    assert_eq!(seqs(&book), [1, 2]);
    assert_eq!((book.counts.applied, book.counts.known, book.counts.gaps), (2, 1, 2));
    assert_eq!(book.anomalies, []);
}

#[test]
fn a_page_that_begins_above_what_is_here_is_a_gap_and_one_that_begins_below_is_not() {
    let mut book = member();
    for change in 1..=2 {
        book.hear(&message(change, change));
    }

    for since in [[3, 3], [3, 2], [2, 3]] {
        let wish = book.hear(&page((4, 4), &[envelope(4, 4)], &[], json!({ "since": since }))).expect("a gap");
        assert_eq!(wish.cursor, cursor(2, 2));
    }
    let missing = page((4, 4), &[envelope(2, 2), envelope(3, 3), envelope(4, 4)], &[], json!({ "since": [1, 1] }));
    assert_eq!(book.hear(&missing), None);

    assert_eq!(seqs(&book), [1, 2, 3, 4]);
    assert_eq!(book.anomalies, []);
}

#[test]
fn what_was_spoken_of_while_pages_came_is_asked_for_behind_them() {
    let mut book = member();
    book.hear(&message(1, 1));
    book.hear(&message(3, 3));
    book.hear(&message(6, 6));

    let first = page((5, 5), &[envelope(2, 2), envelope(3, 3)], &[], json!({ "more": true }));
    assert_eq!(book.hear(&first), None, "the next page comes on its own");
    assert_eq!(book.threads()[&9].cursor(), cursor(3, 1), "the change is adopted with the last page");
    let wish = book.hear(&page((5, 5), &[envelope(4, 4), envelope(5, 5)], &[], json!({}))).expect("6 is missing");

    assert_eq!(wish.cursor, cursor(5, 5));
    book.hear(&page((6, 6), &[envelope(6, 6)], &[], json!({})));
    assert_eq!(seqs(&book), [1, 2, 3, 4, 5, 6]);
    assert_eq!(book.anomalies, []);
}

#[test]
fn a_message_that_was_taken_back_meanwhile_is_a_tombstone_at_its_place() {
    let mut book = member();
    (1..=3).for_each(|n| assert_eq!(book.hear(&message(n, n)), None));

    book.hear(&frame(tombstone(2, 4)));
    book.hear(&page((3, 5), &[], &[tombstone(1, 5)], json!({})));

    let applied = book.threads()[&9].applied();
    assert_eq!(applied.iter().map(|one| one.revoked).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(applied[1].content, "消息已撤回");
    assert_eq!(applied[1].quote, None, "a tombstone quotes nobody");
    assert_eq!(seqs(&book), [1, 2, 3]);
    assert_eq!((book.threads()[&9].cursor(), book.anomalies.as_slice()), (cursor(3, 5), &[][..]));
}

#[test]
fn a_reset_forgets_everything_and_begins_with_the_newest_page() {
    let mut book = member();
    (1..=3).for_each(|n| assert_eq!(book.hear(&message(n, n)), None));

    book.hear(&page((12, 20), &[envelope(11, 18), envelope(12, 19)], &[], json!({ "reset": true })));

    assert_eq!(seqs(&book), [11, 12]);
    assert_eq!((book.threads()[&9].cursor(), book.threads()[&9].resets), (cursor(12, 20), 1));
    book.hear(&message(13, 21));
    assert_eq!(seqs(&book), [11, 12, 13]);
    assert_eq!(book.anomalies, []);
}

#[test]
fn an_agent_applies_what_is_open_and_keeps_lines_of_the_rest() {
    let mut book = Notebook::new(false);
    assert_eq!(book.hear(&message(7, 7)), None);
    assert_eq!(book.threads().len(), 0);
    assert_eq!(book.lines()[&9].last.as_ref().unwrap().seq, 7);

    assert_eq!(book.open(9).cursor, cursor(0, 0));
    book.hear(&page((7, 7), &[envelope(7, 7)], &[], json!({ "reset": true })));
    book.hear(&message(8, 8));
    assert_eq!(seqs(&book), [7, 8]);

    let pinned = json!({ "category": "system", "action": "update",
        "ext": { "conversation": 9, "change": 9, "pinned": true, "hidden": false } });
    book.hear(&frame(pinned));
    assert!(book.threads()[&9].pinned && book.lines()[&9].pinned);
    assert_eq!(book.threads()[&9].cursor(), cursor(8, 9));
}

#[test]
fn a_heartbeat_shows_what_was_never_heard_of_and_what_never_came() {
    let mut book = member();
    book.hear(&message(1, 1));
    let beat = |change| frame(json!({ "category": "heartbeat", "ext": { "heads": [[9, change, change]] } }));

    assert_eq!(book.beat(&beat(1)), []);
    assert_eq!(book.beat(&beat(2))[0].cursor, cursor(1, 1));
    assert_eq!(book.beat(&beat(2)), [], "it was asked for");
    assert_eq!(book.beat(&beat(2)).len(), 1, "and did not come");
}

#[test]
fn a_refused_resuming_is_asked_for_again_only_when_the_server_says_later() {
    let mut book = member();
    book.hear(&message(1, 1));
    book.hear(&message(3, 3));
    let refused = |code: i64| {
        frame(json!({ "category": "ack", "action": "resume",
            "ext": { "conversation": 9, "code": code, "msg": "no", "retry_after": 250 } }))
    };

    let later = book.hear(&refused(503)).expect("later");
    assert_eq!((later.cursor, later.after), (cursor(1, 1), Duration::from_millis(250)));
    assert_eq!(book.hear(&refused(1_013_019_000)), None);
}

#[test]
fn everything_that_must_not_happen_is_noticed() {
    let conversation = 9;
    let mut other_id = envelope(2, 2);
    other_id["id"] = 77.into();
    let read = |seq: i64, change: i64| {
        frame(json!({ "category": "manager", "action": "read", "from": "admin:7",
            "ext": { "conversation": 9, "seq": seq, "change": change } }))
    };
    let mut nameless = envelope(3, 3);
    nameless.as_object_mut().unwrap().remove("id");

    let check = |name: &str, came: &[V2Frame], expected: Anomaly| {
        let mut book = member();
        book.hear(&message(1, 1));
        book.hear(&message(2, 2));
        for frame in came {
            book.hear(frame);
        }
        assert_eq!(book.anomalies, [expected], "{name}");
        assert!(seqs(&book).is_sorted_by(|a, b| a < b), "{name}");
    };
    let out_of_step = Anomaly::NumberOutOfStep { conversation, expected: 3, came: 4 };
    check("a number left out", &[message(4, 3)], out_of_step);
    let again = Anomaly::NumberOutOfStep { conversation, expected: 3, came: 2 };
    check("a number given again", &[message(2, 3)], again);
    let two = Anomaly::TwoAtOneNumber { conversation, seq: 2, ids: (1_002, 77) };
    check("another message at a number", &[frame(other_id.clone())], two.clone());
    check("the same in a resuming", &[page((2, 3), &[], &[other_id], json!({}))], two);
    let gap = Anomaly::GapInResume { conversation, expected: 3, came: 4 };
    check("a page with a hole", &[page((4, 4), &[envelope(4, 4)], &[], json!({}))], gap);
    let short = Anomaly::ShortOfHead { conversation, head: 4, reached: 3 };
    check("a page too short", &[page((4, 4), &[envelope(3, 3)], &[], json!({}))], short);
    let back = Anomaly::ChangeWentBack { conversation, had: 2, came: 1 };
    check("an answer from the past", &[message(9, 9), page((1, 1), &[], &[], json!({}))], back);
    let mark = Anomaly::ReadWentBack { conversation, mark: ("desk", 2, 1) };
    check("a read mark that goes back", &[read(2, 3), read(1, 4)], mark);
    check("a message without an id", &[frame(nameless)], Anomaly::Malformed("a message without id".into()));
}

fn answer(key: &str, ext: Value) -> V2Frame {
    let mut value = json!({ "category": "ack", "action": "send", "id": 5, "created_at": 1,
        "ext": { "conversation": 9, "seq": 1, "change": 1, "client_msg_id": key } });
    for (name, of) in ext.as_object().unwrap() {
        value["ext"][name] = of.clone();
    }
    frame(value)
}

#[test]
fn an_outbox_keeps_order_and_says_again_what_was_cut_off_late_or_put_off() {
    let (mut outbox, mut anomalies, now) = (Outbox::new(1, Duration::from_secs(5)), Vec::new(), Instant::now());
    let keys = |frames: Vec<Value>| -> Vec<String> {
        frames.iter().map(|frame| frame["ext"]["client_msg_id"].as_str().unwrap().to_owned()).collect()
    };
    for key in ["a", "b"] {
        outbox.post(json!({ "action": "send" }), key);
    }
    let later = |seconds| now + Duration::from_secs(seconds);

    assert_eq!(keys(outbox.due(now)), ["a"]);
    assert_eq!(keys(outbox.due(now)), [] as [&str; 0], "one at a time");
    assert_eq!(outbox.next(), Some(later(5)));
    assert_eq!(keys(outbox.due(later(5))), ["a"], "no answer in time");
    outbox.cut();
    assert_eq!(keys(outbox.due(later(6))), ["a"], "a new connection");
    outbox.answered(&answer("a", json!({ "code": 503, "retry_after": 2_000 })), later(6), &mut anomalies);
    assert_eq!(keys(outbox.due(later(7))), [] as [&str; 0], "nobody overtakes what was put off");
    assert_eq!(outbox.next(), Some(later(8)));
    assert_eq!(keys(outbox.due(later(8))), ["a"]);
    outbox.answered(&answer("a", json!({})), later(8), &mut anomalies);
    assert_eq!(keys(outbox.due(later(8))), ["b"]);
    outbox.answered(&answer("b", json!({ "code": 900, "msg": "no" })), later(8), &mut anomalies);

    assert!(outbox.is_empty() && outbox.next().is_none());
    assert_eq!(outbox.outcome("a").unwrap().unwrap().seq, 1);
    assert_eq!(outbox.outcome("b").unwrap().unwrap_err().code, 900);
    assert_eq!((outbox.repeated, outbox.put_off), (3, 1));
    outbox.answered(&answer("a", json!({ "duplicate": true })), later(9), &mut anomalies);
    assert_eq!((anomalies.len(), outbox.answered_again), (0, 1));
    outbox.answered(&answer("a", json!({ "seq": 2 })), later(9), &mut anomalies);
    outbox.answered(&answer("b", json!({})), later(9), &mut anomalies);
    let disagree = |key: &str| Anomaly::AcksDisagree { key: key.into() };
    assert_eq!(anomalies, [disagree("a"), disagree("b")]);
}

#[test]
fn nothing_new_is_begun_while_the_oldest_is_put_off() {
    let (mut outbox, now) = (Outbox::new(2, Duration::from_secs(5)), Instant::now());
    for key in ["a", "b", "c"] {
        outbox.post(json!({ "action": "send" }), key);
    }

    assert_eq!(outbox.due(now).len(), 2);
    outbox.answered(&answer("b", json!({})), now, &mut Vec::new());
    outbox.answered(&answer("a", json!({ "code": 429, "retry_after": 1_000 })), now, &mut Vec::new());

    assert_eq!(outbox.due(now).len(), 0, "c would overtake a");
    assert_eq!(outbox.due(now + Duration::from_secs(1)).len(), 2);
}

#[test]
fn only_a_member_who_has_not_written_resumes_nothing() {
    let nothing = frame(json!({ "category": "ack", "action": "resume", "ext": { "epoch": "e" } }));
    let nowhere = [Anomaly::Malformed("a resuming of no conversation".into())];

    let (mut newcomer, mut regular, mut agent) = (member(), member(), Notebook::new(false));
    regular.hear(&message(1, 1));
    for book in [&mut newcomer, &mut regular, &mut agent] {
        assert_eq!(book.hear(&nothing), None);
    }

    assert_eq!(newcomer.anomalies, []);
    assert_eq!((regular.anomalies.as_slice(), agent.anomalies.as_slice()), (&nowhere[..], &nowhere[..]));
}
