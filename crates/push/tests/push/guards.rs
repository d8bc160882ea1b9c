//! What an answer to a sender waits for.

use std::sync::{Arc, Weak};
use std::time::Duration;

use kefu_domain::{Announcement, Announcer, Handed};
use kefu_push::{Guest, Hub};
use tokio::time::advance;

use crate::common::{ALICE, BOB, SHOP, guest, said, waiting};

/// News by Alice, and an eye on its guard.
fn guarded(seq: i64) -> (Announcement, Weak<()>) {
    let guard = Arc::new(());
    let eye = Arc::downgrade(&guard);
    (Announcement { handed: Some(guard as Handed), ..said(ALICE, seq) }, eye)
}

#[test]
fn a_guard_goes_when_the_last_of_the_senders_sockets_has_handed_over() {
    let hub = Hub::new();
    let (_first, mut phone) = hub.join(guest(SHOP, ALICE));
    let (_second, mut laptop) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));
    let (news, guard) = guarded(1);

    hub.announce(vec![news]);

    assert_eq!(guard.strong_count(), 2, "one for each of hers, none for Bob's");
    let on_phone = waiting(&mut phone);
    assert_eq!(guard.strong_count(), 2, "taken is not handed over");
    drop(on_phone);
    assert_eq!(guard.strong_count(), 1);
    drop(waiting(&mut laptop));
    assert_eq!(guard.strong_count(), 0);
    assert_eq!(waiting(&mut bob).len(), 1);
}

#[test]
fn a_guard_that_nobody_has_to_keep_goes_at_once() {
    let hub = Hub::new();
    let (_bob, _inbox) = hub.join(guest(SHOP, BOB));
    let (news, guard) = guarded(1);
    hub.announce(vec![news]);
    assert_eq!(guard.strong_count(), 0, "the sender is not connected");

    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    hub.announce(vec![said(ALICE, 2)]);
    let (again, guard) = guarded(2);
    hub.announce(vec![again]);
    assert_eq!(guard.strong_count(), 0, "she has it already");
    assert_eq!(waiting(&mut alice).len(), 1);

    let deaf = Hub::new();
    let (_seat, _bobs) = deaf.join(Guest { permissions: Vec::new(), ..guest(SHOP, BOB) });
    let guard = Arc::new(());
    let handed = Some(Arc::clone(&guard) as Handed);
    deaf.announce(vec![Announcement { handed, ..said(BOB, 1) }]);
    assert_eq!(Arc::strong_count(&guard), 1, "an admin who may write but not read hears nothing");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_held_socket() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    let (before, early) = guarded(1);
    hub.announce(vec![before]);
    assert_eq!(early.strong_count(), 1);
    advance(Duration::from_secs(15)).await;

    let (after, late) = guarded(2);
    hub.announce(vec![after]);

    assert_eq!((early.strong_count(), late.strong_count()), (0, 0));
    inbox.pinged();
    assert_eq!(waiting(&mut inbox).len(), 2);
}

#[test]
fn nobody_waits_for_a_lagging_socket() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    hub.announce((1..=1_023).map(|seq| said(ALICE, seq)).collect());
    let (last_that_fits, full) = guarded(1_024);
    hub.announce(vec![last_that_fits]);
    assert_eq!(full.strong_count(), 1);

    let (one_more, lagging) = guarded(1_025);
    hub.announce(vec![one_more]);

    assert_eq!((full.strong_count(), lagging.strong_count()), (0, 0));
    assert_eq!(waiting(&mut inbox).len(), 50);
}

#[test]
fn a_socket_that_goes_keeps_no_guard() {
    let hub = Hub::new();
    let (seat, inbox) = hub.join(guest(SHOP, ALICE));
    let (_other, other) = hub.join(guest(SHOP, ALICE));
    let (news, guard) = guarded(1);
    hub.announce(vec![news]);
    assert_eq!(guard.strong_count(), 2);

    drop(seat);
    assert_eq!(guard.strong_count(), 1, "its inbox is still there, and empty");
    drop(other);
    assert_eq!(guard.strong_count(), 0, "its seat is still there");
    drop(inbox);
}
