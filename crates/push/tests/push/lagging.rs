//! v2 sockets that are too slow.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use kefu_domain::{Announcement, Announcer, Handed, MemberId, Typing};
use kefu_push::{Ending, Hub, Inbox, Parcel, Settings};

use crate::common::{ALICE, BOB, SHOP, THREAD, said, seqs, texts, v2, waiting};

const LAGGING: &str = r#"{"category":"system","action":"update","ext":{"lagging":true}}"#;

fn small() -> Hub {
    Hub::with(Settings { queue: 8, ..Settings::default() })
}

fn say(hub: &Hub, seqs: impl IntoIterator<Item = i64>) {
    hub.announce(seqs.into_iter().map(|seq| said(BOB, seq)).collect());
}

fn typing(hub: &Hub) {
    hub.whisper(&Typing { scope: SHOP, conversation: THREAD, member: MemberId(101), by: BOB, on: true });
}

fn next(inbox: &mut Inbox) -> Option<Parcel> {
    inbox.next().now_or_never().flatten()
}

#[test]
fn a_socket_that_is_too_slow_is_told_so_and_given_what_comes_after_that() {
    let hub = small();
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));

    say(&hub, 1..=8);
    assert!(!inbox.has_lagged(), "eight fit");
    say(&hub, 9..=12);
    assert!(!inbox.has_lagged(), "not yet told");

    assert_eq!(next(&mut inbox).unwrap().text, LAGGING);
    assert!(inbox.has_lagged());
    assert!(!inbox.has_lagged(), "asked already");
    say(&hub, 13..=14);
    assert_eq!(seqs(&mut inbox), [13, 14]);
}

#[test]
fn what_it_had_in_hand_stays_in_hand() {
    let hub = small();
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));
    say(&hub, [1]);
    let in_hand = next(&mut inbox);

    say(&hub, 2..=20);

    assert_eq!(in_hand.and_then(|parcel| parcel.shown), Some((THREAD, 1)));
    assert_eq!(texts(&mut inbox), [LAGGING]);
}

#[test]
fn the_default_queue_takes_a_thousand_and_twenty_four() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));

    say(&hub, 1..=1_024);
    assert_eq!(seqs(&mut inbox), (1..=1_024).collect::<Vec<_>>());
    say(&hub, 1_025..=2_049);
    assert_eq!(texts(&mut inbox), [LAGGING]);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_waits_is_woken_to_be_told() {
    let hub = Hub::with(Settings { queue: 1, ..Settings::default() });
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));
    let waits = tokio::spawn(async move { (inbox.next().await, inbox.has_lagged()) });
    tokio::task::yield_now().await;

    say(&hub, 1..=2);

    let (parcel, lagged) = tokio::time::timeout(Duration::from_secs(1), waits).await.unwrap().unwrap();
    assert_eq!(parcel.unwrap().text, LAGGING);
    assert!(lagged);
}

#[test]
fn a_lagging_socket_costs_the_others_nothing() {
    let hub = small();
    let (_stuck, mut stuck) = hub.join(v2(SHOP, ALICE));
    let (_other, mut other) = hub.join(v2(SHOP, ALICE));

    for seq in 1..=100 {
        say(&hub, [seq]);
        assert_eq!(seqs(&mut other), [seq]);
    }

    assert!(!other.has_lagged());
    assert_eq!(texts(&mut stuck), [LAGGING]);
}

#[test]
fn typing_goes_when_more_than_a_quarter_of_the_queue_waits() {
    let hub = small();
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));

    say(&hub, 1..=2);
    typing(&hub);
    assert_eq!(waiting(&mut inbox).len(), 3, "a quarter is not more than a quarter");

    say(&hub, 3..=5);
    typing(&hub);
    assert_eq!(waiting(&mut inbox).len(), 3);
    assert!(!inbox.has_lagged(), "nothing to come back for");
}

#[test]
fn a_bye_goes_before_everything_and_through_a_lagging_queue() {
    let hub = small();
    let (_full, mut full) = hub.join(v2(SHOP, ALICE));
    say(&hub, 1..=8);
    assert_eq!(hub.bye(Duration::from_secs(5)), 1);
    assert_eq!(hub.bye(Duration::from_secs(6)), 1, "said again, it takes the place of the first");

    assert_eq!(next(&mut full).unwrap().text, r#"{"category":"system","action":"bye","ext":{"within":6000}}"#);
    assert_eq!(seqs(&mut full), (1..=8).collect::<Vec<_>>());

    say(&hub, 9..=20);
    hub.bye(Duration::from_secs(5));
    assert!(texts(&mut full)[0].contains("bye"));
    assert!(full.has_lagged());
}

#[test]
fn only_v2_sockets_are_asked_to_leave_and_all_go_on_hearing() {
    let hub = Hub::new();
    let (_page, mut page) = hub.join(crate::common::guest(SHOP, ALICE));
    let (_phone, mut phone) = hub.join(v2(SHOP, ALICE));

    assert_eq!(hub.bye(Duration::from_secs(5)), 1);
    say(&hub, [1]);

    assert_eq!(waiting(&mut page).len(), 1);
    assert_eq!(waiting(&mut phone).len(), 2);
    assert_eq!(phone.ending(), None);
}

fn guarded(seq: i64) -> (Announcement, Weak<()>) {
    let guard = Arc::new(());
    let eye = Arc::downgrade(&guard);
    (Announcement { handed: Some(guard as Handed), ..said(ALICE, seq) }, eye)
}

#[test]
fn nobody_waits_for_frames_that_were_dropped() {
    let hub = small();
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));
    let (first, early) = guarded(1);
    let (last, late) = guarded(9);
    hub.announce(vec![first]);
    say(&hub, 2..=8);
    assert_eq!(early.strong_count(), 1);

    hub.announce(vec![last]);

    assert_eq!((early.strong_count(), late.strong_count()), (0, 0));
    assert_eq!(texts(&mut inbox), [LAGGING]);
}

#[test]
fn a_stopping_hub_delivers_what_waits_and_says_why_it_ends() {
    let hub = small();
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));
    let (_gone, gone) = hub.join(v2(SHOP, BOB));
    say(&hub, 1..=3);
    hub.close_party(SHOP.tenant, BOB);
    assert_eq!((inbox.ending(), gone.ending()), (None, Some(Ending::LetGo)));

    hub.close_all();

    assert_eq!(seqs(&mut inbox), [1, 2, 3]);
    assert!(inbox.is_closed());
    assert_eq!((inbox.ending(), gone.ending()), (Some(Ending::Stopping), Some(Ending::LetGo)));
    hub.close_party(SHOP.tenant, ALICE);
    assert_eq!(inbox.ending(), Some(Ending::LetGo), "a credential that ends meanwhile counts more");

    let (_late, late) = hub.join(v2(SHOP, ALICE));
    assert_eq!(late.ending(), Some(Ending::Stopping));
}
