//! Promises about who has read what.
#![allow(missing_docs, reason = "each name is the promise")]

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::{Act, Command, ConversationId, Party, Side};

/// Member: 1, 2, 5. Desk: 3, 4, 6, the last of them by nobody in particular.
fn talk(store: &impl WholeStore) -> ConversationId {
    let id = opened(store, ALICE);
    let system = Command { conversation: id, scope: DESK, by: Party::System, act: Act::Send(line("m6", "note")) };
    carry(store, &[say(ALICE, id, "m1"), say(ALICE, id, "m2"), say(AGENT, id, "m3"), say(AGENT, id, "m4")]);
    carry(store, &[say(ALICE, id, "m5"), system]);
    id
}

/// The numbers of the messages that carry the mark of having been read.
fn read(store: &impl WholeStore, id: ConversationId) -> Vec<i64> {
    history(store, DESK, id).iter().filter(|message| message.read).map(|message| message.seq).collect()
}

pub fn the_unread_numbers_lie_above_the_cursor_on_both_sides(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = talk(store);
    let other = opened(store, BOB);
    carry(store, &[say(BOB, other, "not yours")]);
    let needs = [unread_by(id, Side::Desk), unread_by(id, Side::Member)];
    let loaded = |desk: &[i64], member: &[i64]| {
        let ((), _) = patiently(store, &needs, |work| {
            assert_eq!(work.unread(id, Side::Desk), desk);
            assert_eq!(work.unread(id, Side::Member), member);
        });
    };

    loaded(&[1, 2, 5], &[3, 4, 6]);
    carry(store, &[read_up_to(AGENT, id, 1)]);
    loaded(&[2, 5], &[3, 4, 6]);
    carry(store, &[read_up_to(ALICE, id, 3)]);
    loaded(&[2, 5], &[4, 6]);
    carry(store, &[read_up_to(AGENT, id, 6), read_up_to(ALICE, id, 6)]);
    loaded(&[], &[]);
}

pub fn a_reader_with_nothing_unread_still_sees_what_the_batch_says(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);

    carry(store, &[say(ALICE, id, "m1"), say(ALICE, id, "m2"), read_up_to(AGENT, id, 1)]);
    assert_eq!(found(store, DESK, id).desk_unread, 1);
    carry(store, &[read_up_to(AGENT, id, 2)]);
    assert_eq!(found(store, DESK, id).desk_unread, 0);
    carry(store, &[say(ALICE, id, "m3"), say(ALICE, id, "m4"), read_up_to(AGENT, id, 3)]);

    let found = found(store, DESK, id);
    assert_eq!((found.desk_unread, found.desk_read_seq), (1, 3));
    assert_eq!(found.change, 7, "each of the three readings passed a message");
}

pub fn reading_marks_only_the_other_sides_messages_in_range(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = talk(store);
    let other = opened(store, BOB);
    carry(store, &[say(BOB, other, "b1"), say(AGENT, other, "b2")]);

    carry(store, &[read_up_to(AGENT, id, 2)]);
    assert_eq!(read(store, id), [1, 2]);
    carry(store, &[read_up_to(ALICE, id, 3)]);
    assert_eq!(read(store, id), [1, 2, 3]);
    carry(store, &[read_up_to(AGENT, id, 4)]);
    assert_eq!(read(store, id), [1, 2, 3], "the desk's own messages are not read by the desk");
    carry(store, &[read_up_to(ALICE, id, 99), read_up_to(AGENT, id, 99)]);

    assert_eq!(read(store, id), [1, 2, 3, 4, 5, 6]);
    assert_eq!(read(store, other), [0; 0], "nobody has read in the other conversation");
}

pub fn a_message_read_in_its_own_batch_is_read(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, other) = (opened(store, ALICE), opened(store, BOB));

    carry(
        store,
        &[
            say(ALICE, id, "m1"),
            say(BOB, other, "b1"),
            say(AGENT, id, "m2"),
            read_up_to(AGENT, id, 2),
            read_up_to(ALICE, id, 2),
            say(ALICE, id, "m3"),
        ],
    );

    assert_eq!(read(store, id), [1, 2]);
    assert_eq!(read(store, other), [0; 0]);
    assert_eq!(found(store, DESK, id).desk_unread, 1);
}

pub fn counters_come_back(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = talk(store);
    let check = |command, desk_unread, desk_read_seq, member_read_seq, change| {
        carry(store, &[command]);
        let found = found(store, DESK, id);
        assert_eq!(
            (found.desk_unread, found.desk_read_seq, found.member_read_seq, found.change),
            (desk_unread, desk_read_seq, member_read_seq, change)
        );
    };

    check(read_up_to(AGENT, id, 2), 1, 2, 0, 7);
    check(read_up_to(AGENT, id, 4), 1, 4, 0, 7);
    check(read_up_to(AGENT, id, 1), 1, 4, 0, 7);
    check(read_up_to(ALICE, id, 2), 1, 4, 2, 7);
    check(read_up_to(ALICE, id, 3), 1, 4, 3, 8);
    check(read_up_to(AGENT, id, 99), 0, 6, 3, 9);
}
