use super::*;
use crate::{AdminId, ClientMsgId, Content, Kind, ShopId, TenantId};

const ALICE: Party = Party::Member(MemberId(101));
const AGENT: Party = Party::Admin(AdminId(7));
const NOW: Timestamp = Timestamp(1_000_000);

fn fresh() -> Conversation {
    let scope = Scope { tenant: TenantId(1), shop: ShopId(3) };
    Conversation::restore(ConversationState::opened(ConversationId(5), scope, MemberId(101), NOW))
}

fn draft(kind: Kind, text: &str) -> Draft {
    let key = ClientMsgId::new(text).unwrap();
    Draft { content: Content::new(kind, text).unwrap(), key, key_is_ours: false, quote: None }
}

fn post(conversation: &mut Conversation, sender: Party, text: &str) -> Message {
    conversation.post(sender, &draft(Kind::Text, text), None, NOW)
}

/// Numbers 1, 2 and 4 by the member, 3 and 5 by the desk.
fn talked() -> Conversation {
    let mut conversation = fresh();
    for (sender, text) in [(ALICE, "m1"), (ALICE, "m2"), (AGENT, "m3"), (ALICE, "m4"), (AGENT, "m5")] {
        post(&mut conversation, sender, text);
    }
    conversation
}

#[test]
fn a_message_takes_the_next_number_and_becomes_the_preview() {
    let mut conversation = fresh();

    let first = post(&mut conversation, ALICE, "hi");
    let second = conversation.post(AGENT, &draft(Kind::System, "shipped"), None, NOW);

    assert_eq!((first.seq, first.change, first.content.as_str()), (1, 1, r#"{"text":"hi"}"#));
    assert_eq!((second.seq, second.change, second.kind), (2, 2, 5));
    assert_eq!((conversation.head_seq, conversation.change), (2, 2));
    assert_eq!(conversation.last, LastMessage { time: second.time, content: "shipped".into(), kind: 5 });
    assert!(!first.read && !second.read);
    assert_eq!(first.key.as_ref().map(ClientMsgId::as_str), Some("hi"));
    assert_eq!(first.fingerprint, Some(Content::new(Kind::Text, "hi").unwrap().fingerprint()));
}

#[test]
fn only_what_the_desk_says_is_addressed_to_somebody() {
    let mut conversation = fresh();

    assert_eq!(post(&mut conversation, ALICE, "m1").receiver, None);
    assert_eq!(post(&mut conversation, AGENT, "m2").receiver, Some(ALICE));
    assert_eq!(post(&mut conversation, Party::System, "m3").receiver, Some(ALICE));
}

#[test]
fn times_strictly_increase_whatever_the_clock_does() {
    let mut conversation = fresh();
    let clocks = [NOW.0 + 10, NOW.0 + 10, NOW.0 + 3, 0, NOW.0 + 500, NOW.0 + 499];

    let times: Vec<_> = (0..)
        .zip(clocks)
        .map(|(at, clock)| {
            conversation.post(ALICE, &draft(Kind::Text, &format!("m{at}")), None, Timestamp(clock)).time.0
        })
        .collect();

    assert_eq!(times, [10, 11, 12, 13, 500, 501].map(|after| NOW.0 + after));
    assert_eq!(conversation.changed, Timestamp(NOW.0 + 501));
}

#[test]
fn the_first_message_comes_after_the_opening() {
    let mut conversation = fresh();

    assert_eq!(post(&mut conversation, ALICE, "at-once").time, Timestamp(NOW.0 + 1));
    assert_eq!(conversation.created, NOW);
}

#[test]
fn the_desks_counter_counts_what_members_say() {
    let mut conversation = fresh();
    let counts: Vec<_> = [(ALICE, "m1"), (AGENT, "m2"), (Party::System, "m3"), (ALICE, "m4")]
        .into_iter()
        .map(|(sender, text)| {
            post(&mut conversation, sender, text);
            conversation.desk_unread
        })
        .collect();

    assert_eq!(counts, [1, 1, 1, 2]);
}

#[test]
fn any_message_brings_a_hidden_conversation_back() {
    for sender in [ALICE, AGENT, Party::System] {
        let mut conversation = talked();
        assert!(conversation.hide(NOW));

        post(&mut conversation, sender, "again");

        assert!(!conversation.hidden_from_desk, "{sender:?}");
    }
}

#[test]
fn a_cursor_moves_up_to_the_head_and_never_down() {
    let mut conversation = talked();
    let mut read = |to| conversation.read_by(Side::Member, to, &[3, 5], NOW).map(|moved| (moved.from, moved.to));

    assert_eq!(read(0), None);
    assert_eq!(read(-7), None);
    assert_eq!(read(3), Some((0, 3)));
    assert_eq!(read(3), None);
    assert_eq!(read(1), None);
    assert_eq!(read(i64::MAX), Some((3, 5)));
    assert_eq!(read(i64::MAX), None);
    assert_eq!((conversation.member_read_seq, conversation.desk_read_seq), (5, 0));
}

#[test]
fn only_passing_a_message_of_the_other_side_is_a_change() {
    let mut conversation = talked();
    let mut check = |side, to, unread: &[i64], passed, change| {
        let moved = conversation.read_by(side, to, unread, Timestamp(NOW.0 + 50)).map(|moved| moved.passed);
        assert_eq!((moved, conversation.change), (passed, change));
    };

    check(Side::Member, 2, &[3, 5], Some(0), 5);
    check(Side::Member, 3, &[3, 5], Some(1), 6);
    check(Side::Member, 4, &[5], Some(0), 6);
    check(Side::Desk, 3, &[1, 2, 4], Some(2), 7);
    check(Side::Desk, 3, &[4], None, 7);
    check(Side::Desk, 5, &[4], Some(1), 8);
}

#[test]
fn a_silent_reading_does_not_move_the_time_of_the_last_change() {
    let mut conversation = talked();
    let before = conversation.changed;

    conversation.read_by(Side::Member, 2, &[3, 5], Timestamp(NOW.0 + 50));
    assert_eq!(conversation.changed, before);
    conversation.read_by(Side::Member, 3, &[3, 5], Timestamp(NOW.0 + 50));

    assert_eq!(conversation.changed, Timestamp(NOW.0 + 50));
}

#[test]
fn the_desks_counter_is_what_lies_above_its_cursor() {
    let mut conversation = talked();
    let mut counter = |to, unread: &[i64]| {
        conversation.read_by(Side::Desk, to, unread, NOW);
        conversation.desk_unread
    };

    assert_eq!(counter(1, &[1, 2, 4]), 2);
    assert_eq!(counter(3, &[2, 4]), 1);
    assert_eq!(counter(2, &[4]), 1, "a late reading of less changes nothing");
    assert_eq!(counter(99, &[4]), 0);
}

#[test]
fn a_member_who_reads_leaves_the_desks_counter_alone() {
    let mut conversation = talked();

    conversation.read_by(Side::Member, 5, &[3, 5], NOW);

    assert_eq!((conversation.desk_unread, conversation.desk_read_seq), (3, 0));
}

#[test]
fn pinning_and_hiding_twice_is_one_change() {
    let mut conversation = talked();

    assert!(conversation.pin(true, NOW));
    assert!(!conversation.pin(true, NOW));
    assert!(conversation.hide(NOW));
    assert!(!conversation.hide(NOW));
    assert_eq!((conversation.pinned, conversation.hidden_from_desk, conversation.change), (true, true, 7));

    assert!(conversation.pin(false, NOW));
    assert!(!conversation.pin(false, NOW));
    assert_eq!((conversation.pinned, conversation.change), (false, 8));
}

#[test]
fn a_hidden_conversation_keeps_its_history_its_pin_and_its_counters() {
    let mut conversation = talked();
    conversation.pin(true, NOW);
    let before = conversation.clone();

    conversation.hide(NOW);

    let shown = ConversationState { hidden_from_desk: false, change: before.change, ..(*conversation).clone() };
    assert_eq!(Conversation::restore(shown), before);
}

#[test]
fn the_time_of_changes_never_runs_backwards() {
    let mut conversation = talked();
    conversation.pin(true, Timestamp(NOW.0 + 90));

    conversation.hide(Timestamp(NOW.0 - 90));

    assert_eq!(conversation.changed, Timestamp(NOW.0 + 90));
}
