//! One promise at a time.

use std::sync::{Arc, Mutex};

use kefu_domain::{
    Act, Admin, AdminId, Announcement, Command, ConversationId, ConversationRepository, Cursor, Event, Handed, Outline,
    Side, TenantId, What,
};

use super::node::{BOUNDS, Node, Room, SHOP};
use crate::live::{Bounds, Live, Told};

fn handed(news: Announcement) -> (Announcement, std::sync::Weak<impl Sized>) {
    let guard = Arc::new(());
    let waits = Arc::downgrade(&guard);
    let handed: Handed = guard;
    (Announcement { handed: Some(handed), ..news }, waits)
}

#[test]
fn nobody_waits_for_news_that_are_told_by_somebody_else() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    node.tell(node.says(1, "first"));
    let missed = node.says(1, "second, elsewhere");
    let (early, waits) = handed(node.says(1, "third"));

    node.tell(early);
    assert!(waits.upgrade().is_none(), "it is read, and told then");
    assert_eq!(node.told(), [1]);
    node.read();
    let (late, waits) = handed(missed);
    node.tell(late);

    assert!(waits.upgrade().is_none(), "it was told");
    assert_eq!((node.told(), node.missing()), (vec![1, 2, 3], false));
}

#[test]
fn of_an_unknown_conversation_the_last_ten_seconds_are_told_and_the_news_that_came() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    for text in ["yesterday", "a minute ago"] {
        node.says(1, text);
    }
    node.later(60_000);
    node.look();
    node.later(1_000);
    node.says(1, "a second ago, elsewhere");

    node.tell(node.says(1, "now"));
    node.read();

    assert_eq!(node.told(), [3, 4]);
    let mut slow = Node::new(BOUNDS, &[SHOP]);
    slow.says(1, "yesterday");
    let news = slow.says(1, "said long ago, committed now");
    slow.later(60_000);
    slow.look();
    slow.live.forget(news.event.after.conversation);
    slow.tell(news);
    slow.read();
    assert_eq!(slow.told(), [2], "its own news are told, however old");
}

#[test]
fn what_nobody_listens_to_is_not_read() {
    let mut node = Node::new(BOUNDS, &[]);
    node.tell(node.says(1, "first"));
    node.says(1, "missed");
    node.tell(node.says(1, "third"));
    assert!(node.missing());

    // A read would be told.
    node.read();

    assert_eq!((node.told(), node.missing()), (vec![1], false));
    assert!(node.live.heads(&[ConversationId(1)]).is_empty(), "it is unknown again");
}

#[test]
fn what_was_found_done_and_may_have_been_another_change_is_read_before_it_is_told() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    let first = node.says(1, "first");
    node.tell(first.clone());
    let pinned = node.commit(&Command::of_admin(
        Admin { scope: SHOP, id: AdminId(7) },
        first.event.after.conversation,
        Act::Pin(true),
    ));

    // A reading whose commit was not answered, found done when somebody else had pinned: the numbers are the pin's.
    let read = Event { what: What::Read(Side::Desk, 1), ..pinned };
    node.live.tell(vec![Told { news: Announcement { event: read, ..first }, found_again: true }]);
    assert_eq!(node.room.0.lock().unwrap().len(), 1);
    node.read();

    let told = node.room.0.lock().unwrap().clone();
    assert!(matches!(&told[1..], [one] if matches!(one.what, What::CaughtUp(_)) && one.after.pinned), "{told:?}");
}

#[test]
fn a_message_that_was_found_done_says_which_change_it_was() {
    let node = Node::new(BOUNDS, &[SHOP]);
    node.tell(node.says(1, "first"));

    node.live.tell(vec![Told { news: node.says(1, "second"), found_again: true }]);

    assert_eq!((node.told(), node.missing()), (vec![1, 2], false));
}

#[test]
fn a_hint_that_does_not_say_exactly_what_its_change_was_is_not_taken_for_the_next() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    let first = node.says(1, "first");
    node.tell(first.clone());
    let second = node.says(1, "second");

    node.live.ear().hear(Announcement { event: Event { after: second.event.after, ..first.event }, ..first });
    assert_eq!(node.told(), [1], "it is the first again, with the second's numbers");
    node.read();

    assert_eq!(node.told(), [1, 2]);
}

#[test]
fn what_is_known_to_be_missing_is_told_however_long_it_waits() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    node.look();
    node.says(1, "missed");
    let second = node.says(1, "second");
    let id = second.event.after.conversation;
    node.tell(second);
    node.later(60_000);
    // Nothing is read meanwhile; whoever looks, and whoever comes back, finds that it has been quiet for long.
    node.look();
    node.look();
    node.resumes(id);

    node.read();

    assert_eq!(node.told(), [1, 2]);
}

#[test]
fn what_there_was_no_room_to_note_is_found_by_looking() {
    let mut node = Node::new(Bounds { behind: 1, ..BOUNDS }, &[SHOP]);
    node.look();
    for member in 1..=5 {
        node.tell(node.says(member, "first"));
        node.says(member, "missed");
        node.tell(node.says(member, "third"));
    }

    for _ in 0..5 {
        node.look();
        node.read();
    }

    let mut told = node.told();
    told.sort_unstable();
    assert_eq!(told, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
}

#[test]
fn what_a_lane_was_about_to_tell_is_not_read_after_all() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    node.tell(node.says(1, "first"));
    let second = node.says(1, "committed, not told yet");
    node.look();
    assert!(node.missing());
    node.tell(second);

    node.read();

    assert_eq!((node.told(), node.missing()), (vec![1, 2], false));
    let told = node.room.0.lock().unwrap();
    assert!(told.iter().all(|event| matches!(event.what, What::Posted(_))), "as it came: {told:?}");
}

#[test]
fn a_conversation_that_is_behind_is_not_answered_from_memory() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    let first = node.says(1, "first");
    let id = first.event.after.conversation;
    node.tell(first);
    node.resumes(id);
    let here = Cursor { conversation: id, seq: 1, change: 1 };
    assert_eq!(node.live.recall(here).unwrap().messages, []);

    node.says(1, "missed");
    node.tell(node.says(1, "third"));
    assert_eq!(node.live.recall(here), None, "it is known to be old");
    node.read();

    let seqs = |since: kefu_domain::Since| since.messages.iter().map(|message| message.seq).collect::<Vec<_>>();
    assert_eq!(node.live.recall(here).map(seqs), Some(vec![2, 3]));
}

#[test]
fn what_is_kept_of_a_scope_that_nobody_listens_to_any_more_is_dropped_when_nobody_looks_there() {
    let mut node = Node::new(BOUNDS, &[]);
    let first = node.says(1, "first");
    let id = first.event.after.conversation;
    node.tell(first);
    node.resumes(id);
    let here = Cursor { conversation: id, seq: 1, change: 1 };
    assert!(node.live.recall(here).is_some());

    node.look();

    assert_eq!(node.live.recall(here), None);
}

#[test]
fn what_is_kept_stays_within_its_bounds() {
    let bounds = Bounds { messages: 8, bytes: 200_000, conversations: 300, behind: 10, ..BOUNDS };
    let room = Arc::new(Room(Mutex::default(), Mutex::default()));
    let node = Node::new(BOUNDS, &[SHOP]);
    let live = Live::new(room, None, false, bounds);
    for round in 0..20 {
        for member in 1..=400 {
            let news = node.says(member, &"x".repeat(500));
            let id = news.event.after.conversation;
            live.tell(vec![Told { news, found_again: false }]);
            live.was_read(&node.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
        }
        live.told.run_pending_tasks();
        assert!(live.rings.weight() <= bounds.bytes, "{} bytes in round {round}", live.rings.weight());
        assert!(live.told.entry_count() <= bounds.conversations);
    }
    assert!(live.rings.weight() > bounds.bytes / 2, "and uses them");

    let news = node.says(1, "last");
    let id = news.event.after.conversation;
    live.was_read(&node.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
    let newest = Outline::from(&node.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
    assert!(live.recall(newest.cursor()).is_some(), "whoever came last is remembered");
}
