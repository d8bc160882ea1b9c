//! What waits, what is held back, what falls out.

use std::time::Duration;

use kefu_domain::Announcer;
use kefu_push::{Hub, Inbox};
use tokio::time::{advance, timeout};

use crate::common::{ALICE, BOB, SHOP, guest, said, seqs};

const ALMOST: Duration = Duration::from_millis(14_999);
const LONG: Duration = Duration::from_secs(15);

fn say(hub: &Hub, seqs: impl IntoIterator<Item = i64>) {
    hub.announce(seqs.into_iter().map(|seq| said(BOB, seq)).collect());
}

#[tokio::test(start_paused = true)]
async fn an_inbox_waits_for_the_next_frame_and_no_longer() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    assert!(timeout(Duration::from_secs(1), inbox.next()).await.is_err(), "nothing was said yet");

    let listening = tokio::spawn(async move { inbox.next().await.and_then(|parcel| parcel.shown) });
    tokio::task::yield_now().await;
    say(&hub, [1]);

    let heard = timeout(Duration::from_secs(1), listening).await.unwrap().unwrap();
    assert_eq!(heard.map(|(_, seq)| seq), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_socket_is_held_fifteen_seconds_after_its_last_ping_and_not_before() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));

    advance(ALMOST).await;
    say(&hub, [1]);
    assert_eq!(seqs(&mut inbox), [1]);
    inbox.pinged();
    advance(ALMOST).await;
    say(&hub, [2]);
    assert_eq!(seqs(&mut inbox), [2]);
    advance(LONG - ALMOST).await;
    say(&hub, [3]);

    assert!(seqs(&mut inbox).is_empty());
    inbox.pinged();
    assert_eq!(seqs(&mut inbox), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_ping_delivers_the_newest_fifty_of_what_was_held_in_order() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    advance(LONG).await;

    say(&hub, 1..=51);
    advance(Duration::from_secs(60)).await;
    say(&hub, 52..=120);

    assert!(seqs(&mut inbox).is_empty(), "held");
    inbox.pinged();
    assert_eq!(seqs(&mut inbox), (71..=120).collect::<Vec<_>>());
    say(&hub, [121]);
    assert_eq!(seqs(&mut inbox), [121]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_before_a_hold_stays_and_is_held_too() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));

    say(&hub, 1..=100);
    advance(LONG).await;
    say(&hub, 101..=200);

    assert!(seqs(&mut inbox).is_empty());
    inbox.pinged();
    assert_eq!(seqs(&mut inbox), (1..=100).chain(151..=200).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn every_hold_counts_for_itself() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));

    advance(LONG).await;
    say(&hub, 1..=60);
    inbox.pinged();
    advance(LONG).await;
    say(&hub, 61..=120);
    inbox.pinged();

    assert_eq!(seqs(&mut inbox), (11..=60).chain(71..=120).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn somebody_who_waits_while_held_is_woken_when_there_is_something_after_the_ping() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    advance(LONG).await;
    say(&hub, [1]);
    assert!(timeout(Duration::from_secs(3_600), inbox.next()).await.is_err(), "an hour of silence");

    inbox.pinged();

    let woken = timeout(Duration::from_secs(1), inbox.next()).await.unwrap().unwrap();
    assert_eq!(woken.shown.map(|(_, seq)| seq), Some(1));
    assert!(timeout(Duration::from_secs(1), inbox.next()).await.is_err());
}

#[test]
fn a_slow_socket_loses_nothing_up_to_a_thousand_and_twenty_four_frames() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));

    say(&hub, 1..=1_024);

    assert_eq!(seqs(&mut inbox), (1..=1_024).collect::<Vec<_>>());
}

#[test]
fn b16_a_lagging_socket_keeps_its_newest_fifty_until_it_has_taken_them_all() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));

    say(&hub, 1..=1_025);
    assert_eq!(take(&mut inbox, 10), (976..=985).collect::<Vec<_>>());
    say(&hub, 1_026..=1_100);
    assert_eq!(seqs(&mut inbox), (1_051..=1_100).collect::<Vec<_>>());
    say(&hub, 1_101..=2_124);

    assert_eq!(seqs(&mut inbox), (1_101..=2_124).collect::<Vec<_>>(), "a thousand and twenty-four again");
}

#[tokio::test(start_paused = true)]
async fn a_lagging_socket_that_is_held_as_well_keeps_fifty_in_all() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));

    say(&hub, 1..=1_020);
    advance(LONG).await;
    say(&hub, 1_021..=1_300);
    inbox.pinged();

    assert_eq!(seqs(&mut inbox), (1_251..=1_300).collect::<Vec<_>>());
}

#[test]
fn b16_a_socket_that_takes_nothing_costs_the_others_nothing() {
    let hub = Hub::new();
    let (_stuck, mut stuck) = hub.join(guest(SHOP, ALICE));
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));

    let (mut to_alice, mut to_bob) = (Vec::new(), Vec::new());
    for seq in 1..=5_000 {
        say(&hub, [seq]);
        to_alice.extend(seqs(&mut alice));
        to_bob.extend(seqs(&mut bob));
    }

    assert_eq!(to_alice, (1..=5_000).collect::<Vec<_>>());
    assert_eq!(to_bob, to_alice);
    assert_eq!(seqs(&mut stuck), (4_951..=5_000).collect::<Vec<_>>());
}

fn take(inbox: &mut Inbox, count: usize) -> Vec<i64> {
    use futures_util::FutureExt;
    (0..count)
        .filter_map(|_| inbox.next().now_or_never().flatten())
        .filter_map(|parcel| parcel.shown)
        .map(|(_, seq)| seq)
        .collect()
}
