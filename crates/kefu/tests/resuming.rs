//! Coming back: what is new, from where, and what it costs the database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::time::Duration;

use common::counted::Counted;
use common::{Ear, Room, member, text};
use kefu::domain::{Agent, ConversationId, Cursor, Profile, Refusal, Scope, ShopId, Shops, Since, TOMBSTONE, TenantId};
use kefu::{AdminDesk, Error};

fn cursor(conversation: ConversationId, seq: i64, change: i64) -> Cursor {
    Cursor { conversation, seq, change }
}

fn seqs(since: &Since) -> Vec<i64> {
    since.messages.iter().map(|message| message.seq).collect()
}

/// A conversation of member 1 with so many messages.
async fn conversation(room: &Room, messages: usize) -> ConversationId {
    for number in 0..messages {
        room.member(1).send(text(&number.to_string())).await.unwrap();
    }
    room.conversation(1)
}

fn elsewhere(room: &Room) -> AdminDesk {
    let shops: Shops = [ShopId(5)].into_iter().collect();
    room.desk.admin(Agent { tenant: TenantId(1), shops, id: kefu::domain::AdminId(9) }, Profile::default())
}

fn no_such<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Refused(Refusal::NoSuchConversation(_)))), "{result:?}");
}

#[tokio::test]
async fn whoever_begins_with_nothing_gets_the_newest_page() {
    let room = Room::new();
    assert_eq!(room.member(1).resume(None).await.unwrap(), None, "there is no conversation yet");
    let id = conversation(&room, 60).await;

    let mine = room.member(1).resume(None).await.unwrap().unwrap();
    let theirs = room.admin(7).resume(cursor(id, -1, 0)).await.unwrap();

    assert_eq!(seqs(&mine), (11..=60).collect::<Vec<_>>());
    assert_eq!((mine.reset, mine.more, mine.outline.cursor()), (true, false, cursor(id, 60, 60)));
    assert_eq!((theirs.reset, theirs.messages), (true, mine.messages));
}

#[tokio::test]
async fn whoever_holds_a_cursor_gets_what_is_new_page_after_page() {
    let room = Room::new();
    let id = conversation(&room, 250).await;

    let first = room.member(1).resume(Some(cursor(id, 20, 20))).await.unwrap().unwrap();
    let second = room.member(1).resume(Some(cursor(id, 120, 20))).await.unwrap().unwrap();
    let third = room.member(1).resume(Some(cursor(id, 220, 20))).await.unwrap().unwrap();

    assert_eq!((seqs(&first), first.more), ((21..=120).collect(), true));
    assert_eq!((seqs(&second), second.more), ((121..=220).collect(), true));
    assert_eq!((seqs(&third), third.more, third.outline.change), ((221..=250).collect(), false, 250));
    assert!([first, second, third].iter().all(|since| !since.reset));
}

#[tokio::test]
async fn a_cursor_that_this_conversation_cannot_have_given_starts_over() {
    let room = Room::new();
    let id = conversation(&room, 3).await;

    for (seq, change) in [(4, 3), (3, 4), (-1, 0), (i64::MIN, 0), (i64::MAX, i64::MAX)] {
        let mine = room.member(1).resume(Some(cursor(id, seq, change))).await.unwrap().unwrap();
        let theirs = room.admin(7).resume(cursor(id, seq, change)).await.unwrap();
        assert!(mine.reset && theirs.reset, "{seq} {change}");
        assert_eq!((seqs(&mine), seqs(&theirs)), (vec![1, 2, 3], vec![1, 2, 3]));
    }
    let elsewhere = room.member(1).resume(Some(cursor(ConversationId(999), -1, 0))).await.unwrap();
    assert!(elsewhere.unwrap().reset, "a member has one conversation: whoever starts over need not know it");
}

#[tokio::test]
async fn somebody_elses_conversation_is_not_resumed_not_even_from_memory() {
    let counted = Counted::default();
    let room = Room::over(counted.clone(), counted.store.clone(), Ear::new(&counted.store), |builder| builder);
    let id = conversation(&room, 2).await;
    let here = cursor(id, 2, 2);
    no_such(room.member(2).resume(Some(here)).await);
    no_such(elsewhere(&room).resume(here).await);
    room.member(1).resume(Some(here)).await.unwrap();
    let before = counted.reads();

    no_such(room.member(2).resume(Some(here)).await);
    no_such(elsewhere(&room).resume(here).await);
    no_such(room.admin(7).resume(cursor(ConversationId(999), 0, 0)).await);

    assert_eq!(counted.reads(), before + 1, "only of the one that nobody has resumed the database was asked");
}

#[tokio::test]
async fn what_was_taken_back_or_deleted_meanwhile_comes_with_it_to_whom_it_concerns() {
    for remembered in [false, true] {
        let counted = Counted::default();
        let room = Room::over(counted.clone(), counted.store.clone(), Ear::new(&counted.store), |builder| builder);
        let id = conversation(&room, 4).await;
        if remembered {
            room.member(1).resume(None).await.unwrap();
        }
        let named = |seq: usize| counted.store.messages(id)[seq - 1].id;
        room.member(1).revoke(named(1), None).await.unwrap();
        room.member(1).delete(named(2), Some(id)).await.unwrap();
        room.admin(7).delete(id, named(3)).await.unwrap();
        let before = counted.reads();

        let mine = room.member(1).resume(Some(cursor(id, 4, 4))).await.unwrap().unwrap();
        let theirs = room.admin(7).resume(cursor(id, 4, 4)).await.unwrap();

        let told =
            |since: &Since| -> Vec<_> { since.changed.iter().map(|one| (one.seq, one.content.clone())).collect() };
        assert_eq!(told(&mine), [(1, TOMBSTONE.to_owned()), (2, String::new())]);
        assert_eq!(told(&theirs), [(1, TOMBSTONE.to_owned()), (3, String::new())]);
        assert!(mine.messages.is_empty() && mine.outline.change == 7);
        assert_eq!(counted.reads() == before, remembered);
    }
}

#[tokio::test]
async fn beyond_two_hundred_altered_messages_one_starts_over() {
    let room = Room::new();
    let id = conversation(&room, 201).await;
    let stored = room.store.messages(id);
    for message in &stored[..200] {
        room.member(1).delete(message.id, Some(id)).await.unwrap();
    }

    let most = room.member(1).resume(Some(cursor(id, 201, 201))).await.unwrap().unwrap();
    room.member(1).delete(stored[200].id, Some(id)).await.unwrap();
    let more = room.admin(7).resume(cursor(id, 201, 201)).await.unwrap();

    assert_eq!((most.reset, most.changed.len()), (false, 200));
    assert!(more.reset && more.changed.is_empty());
}

#[tokio::test]
async fn five_thousand_who_come_back_after_a_moment_cost_the_database_nothing() {
    let counted = Counted::default();
    let room = Room::over(counted.clone(), counted.store.clone(), Ear::new(&counted.store), |builder| builder);
    let mut cursors = Vec::new();
    for id in 1..=500 {
        let sent = room.member(id).send(text("hello")).await.unwrap().message;
        let since = room.member(id).resume(None).await.unwrap().unwrap();
        assert_eq!(since.outline.cursor(), cursor(sent.conversation, 1, 1));
        cursors.push(since.outline.cursor());
    }
    for one in &cursors {
        room.admin(7).send(one.conversation, text("while they were away")).await.unwrap();
        let last = room.admin(7).send(one.conversation, text("and again")).await.unwrap().message;
        room.admin(7).revoke(one.conversation, last.id).await.unwrap();
    }
    let before = counted.reads();

    for _ in 0..5 {
        for (id, from) in (1..).zip(&cursors) {
            let mine = room.member(id).resume(Some(*from)).await.unwrap().unwrap();
            let theirs = room.admin(7).resume(*from).await.unwrap();
            assert_eq!((seqs(&mine), seqs(&theirs)), (vec![2, 3], vec![2, 3]));
            assert!(mine.messages[1].revoked.is_some() && mine.outline.change == 4);
            let now = room.member(id).resume(Some(mine.outline.cursor())).await.unwrap().unwrap();
            assert!(now.messages.is_empty() && now.changed.is_empty() && !now.reset);
        }
    }
    let ids: Vec<_> = cursors.iter().map(|one| one.conversation).collect();
    let heads = room.desk.heads(&ids);

    assert_eq!(counted.reads(), before);
    assert_eq!(heads, ids.iter().map(|id| cursor(*id, 3, 4)).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_was_away_for_longer_than_is_kept_is_answered_by_the_database() {
    let counted = Counted::default();
    let store = counted.store.clone();
    let room = Room::over(counted.clone(), store.clone(), Ear::new(&store), |builder| builder.ring(3, 1 << 20));
    let id = conversation(&room, 1).await;
    room.member(1).resume(None).await.unwrap();
    conversation(&room, 5).await;
    let before = counted.reads();

    let short = room.member(1).resume(Some(cursor(id, 3, 3))).await.unwrap().unwrap();
    assert_eq!((seqs(&short), counted.reads()), (vec![4, 5, 6], before));
    let long = room.member(1).resume(Some(cursor(id, 2, 2))).await.unwrap().unwrap();
    assert_eq!(seqs(&long), [3, 4, 5, 6]);

    assert!(counted.reads() > before);
}

#[tokio::test]
async fn a_message_says_that_it_was_read_from_memory_too() {
    let room = Room::new();
    let id = conversation(&room, 1).await;
    room.member(1).resume(None).await.unwrap();
    conversation(&room, 1).await;
    room.admin(7).read(id, Some(2)).await.unwrap();

    let since = room.member(1).resume(Some(cursor(id, 1, 1))).await.unwrap().unwrap();

    assert_eq!(since.messages, room.store.messages(id)[1..]);
    assert!(since.messages[0].read && since.outline.desk_read_seq == 2 && since.outline.change == 3);
}

#[tokio::test]
async fn the_epoch_is_what_was_said_or_this_process_alone() {
    let said = Room::built(|builder| builder.epoch("00112233aabbccdd"));
    let (one, other) = (Room::new(), Room::new());

    assert_eq!(said.desk.epoch(), "00112233aabbccdd");
    assert_ne!(one.desk.epoch(), other.desk.epoch());
    assert!(one.desk.epoch().len() == 16 && one.desk.epoch().chars().all(|digit| digit.is_ascii_hexdigit()));
    one.store.set_now(kefu::domain::Timestamp(77));
    assert_eq!(one.desk.now().await.unwrap(), kefu::domain::Timestamp(77));
}

#[tokio::test]
async fn an_ear_does_not_keep_a_desk_alive() {
    let room = Room::new();
    let (store, heard) = (room.store.clone(), room.ear.heard.clone());
    let ear = room.desk.ear();
    let typing = kefu::domain::Typing {
        scope: Scope::platform(TenantId(1)),
        conversation: ConversationId(1),
        member: member(1).id,
        by: member(1).party(),
        on: true,
    };
    ear.hear_typing(typing);
    assert_eq!(*room.ear.typing.lock().unwrap(), [typing]);
    let kept = room.ear.typing.clone();
    assert!(room.desk.stop(Duration::from_secs(20)));

    drop(room);
    ear.hear_typing(typing);

    assert_eq!(kept.lock().unwrap().len(), 1, "deaf after it");
    assert!(heard.lock().unwrap().is_empty() && store.messages(ConversationId(1)).is_empty());
}

#[tokio::test]
async fn whatever_cursor_somebody_makes_up_they_go_on_from_there_or_start_over() {
    const EDGES: [i64; 11] = [i64::MIN, i64::MIN + 1, -1, 0, 1, 2, 3, 4, 5, i64::MAX - 1, i64::MAX];
    for remembers in [false, true] {
        let room = Room::new();
        let id = conversation(&room, 3).await;
        room.admin(7).read(id, None).await.unwrap();
        for (seq, change) in EDGES.into_iter().flat_map(|seq| EDGES.map(|change| (seq, change))) {
            if remembers {
                room.member(1).resume(None).await.unwrap();
            }
            let mine = room.member(1).resume(Some(cursor(id, seq, change))).await.unwrap().unwrap();
            let theirs = room.admin(7).resume(cursor(id, seq, change)).await.unwrap();

            let good = (0..=3).contains(&seq) && (0..=4).contains(&change);
            for since in [mine, theirs] {
                assert_eq!((since.reset, since.from), (!good, good.then_some(cursor(id, seq, change))));
                assert_eq!(seqs(&since), (if good { seq + 1 } else { 1 }..=3).collect::<Vec<_>>(), "{seq} {change}");
            }
        }
    }
}
