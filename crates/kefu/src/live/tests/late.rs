//! What becomes visible late, where nobody has listened before, and what a clock that is set back does to it.

use std::time::Duration;

use kefu_domain::{ConversationId, Cursor, Timestamp};

use super::node::{BOUNDS, Node, SHOP};
use crate::live::Bounds;

#[test]
fn whoever_comes_to_a_scope_where_nobody_has_listened_is_not_told_what_was_said_before() {
    for said_ago in [30_000, 600_000] {
        let mut node = Node::new(BOUNDS, &[]);
        let first = node.says(1, "first");
        let id = first.event.after.conversation;
        node.tell(first);
        node.look();
        node.says(1, "elsewhere, while nobody listens");
        node.later(said_ago);
        node.look();
        node.room.1.lock().unwrap().push(SHOP);

        // Who comes has asked the database, or has its list: what was told of it long ago is no place to begin at.
        node.look();
        node.resumes(id);
        node.read();
        assert_eq!((node.told(), node.missing()), (vec![1], false), "{said_ago}");

        node.tell(node.says(1, "third"));
        assert_eq!(node.told(), [1, 3]);
        let here = |seq| Cursor { conversation: id, seq, change: seq };
        assert_eq!(node.live.recall(here(1)), None, "what is at hand does not reach back so far");
        assert_eq!(node.live.recall(here(2)).unwrap().messages.len(), 1);
    }
}

#[test]
fn what_happens_while_everybody_is_gone_for_a_moment_is_at_hand_when_they_are_back() {
    let mut node = Node::new(Bounds { linger: Duration::from_secs(3_600), ..BOUNDS }, &[SHOP]);
    let first = node.says(1, "first");
    let id = first.event.after.conversation;
    node.tell(first);
    node.look();
    node.resumes(id);
    node.room.1.lock().unwrap().clear();

    node.look();
    node.tell(node.says(1, "second"));
    node.says(1, "third, elsewhere");
    node.look();
    node.read();

    let missed = node.live.recall(Cursor { conversation: id, seq: 1, change: 1 }).unwrap();
    assert_eq!(missed.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn what_was_told_where_somebody_always_listens_is_where_a_look_goes_on() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    node.tell(node.says(1, "first"));
    node.look();
    node.later(600_000);
    node.look();
    node.says(1, "elsewhere, an hour later");
    node.later(1_000);

    node.look();
    node.read();

    assert_eq!(node.told(), [1, 2]);
}

/// Something is said elsewhere and becomes visible as late as a transaction can live.
fn says_late(node: &Node, member: i64, ago: i64) {
    let now = node.store.now();
    node.store.set_now(Timestamp(now.0 - ago));
    node.says(member, "said a while ago, committed now");
    node.store.set_now(now);
}

#[test]
fn what_a_transaction_commits_after_a_minute_is_told_where_somebody_has_listened() {
    for ago in [11_000, 30_000, 59_000] {
        let mut node = Node::new(BOUNDS, &[SHOP]);
        node.says(1, "yesterday");
        node.says(2, "yesterday");
        node.later(600_000);
        node.look();
        says_late(&node, 1, ago);
        says_late(&node, 2, ago);

        // Whoever reads it first must not be taken for whoever was told of it.
        node.resumes(ConversationId(2));
        node.look();
        node.read();

        assert_eq!(node.told(), [2, 2], "{ago}");
    }
}

#[test]
fn the_first_look_at_a_scope_tells_of_the_last_ten_seconds_only() {
    let mut node = Node::new(BOUNDS, &[]);
    node.look();
    for (member, ago) in [(1, 50_000), (2, 50_000), (2, 5_000)] {
        says_late(&node, member, ago);
    }
    node.room.1.lock().unwrap().push(SHOP);

    node.look();
    node.read();

    assert_eq!(node.told(), [2], "the second of the second");
    assert_eq!(node.live.heads(&[ConversationId(1), ConversationId(2)]).len(), 2, "the other is known all the same");
}

#[test]
fn a_database_whose_clock_is_set_back_keeps_nothing_from_anybody() {
    for back in [100_000, 5_000_000] {
        let mut node = Node::new(BOUNDS, &[SHOP]);
        node.says(1, "long ago");
        node.says(2, "long ago");
        node.later(10_000_000);
        node.look();
        node.later(-back);
        // Missing, and noted by what was known before anybody could see that the clock had gone.
        node.says(1, "elsewhere");
        node.tell(node.says(1, "here"));
        assert!(node.missing());

        node.look();
        node.later(1_000);
        node.says(2, "elsewhere, later");
        node.resumes(ConversationId(2));
        node.look();
        node.read();

        let mut told = node.told();
        told.sort_unstable();
        assert_eq!(told, [2, 2, 3], "{back}");
    }
}

#[test]
fn whoever_comes_as_the_clock_is_set_back_hears_what_was_said_meanwhile() {
    let mut node = Node::new(BOUNDS, &[]);
    node.look();
    node.later(-100_000);
    node.says(1, "elsewhere");
    node.room.1.lock().unwrap().push(SHOP);

    node.look();
    node.read();

    assert_eq!(node.told(), [1]);
}
