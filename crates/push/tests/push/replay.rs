//! What the mall's pages, which never ask again, are given after they were away. Each clause of the rule.

mod listed;
mod order;

use std::time::Duration;

use kefu_domain::{Announcement, Announcer, ConversationId, MemberId, Party, Recipient, Side, What};
use kefu_push::{Credential, Guest, Hub, Inbox, Seat, WebSocketSender};
use tokio::time::{advance, timeout};

use crate::common::{ALICE, BOB, OTHER_SHOP, SHOP, THREAD, did, guest, said, seqs, v2, waiting};

const TOKEN: Credential = Credential([1; 16]);
const OTHER_TOKEN: Credential = Credential([2; 16]);
const ALMOST: Duration = Duration::from_millis(1_499);
const GRACE: Duration = Duration::from_millis(1_500);
const ELSEWHERE: ConversationId = ConversationId(2);

fn page(hub: &Hub, party: Party) -> (Seat, Inbox) {
    hub.join(Guest { credential: Some(TOKEN), ..guest(SHOP, party) })
}

fn say(hub: &Hub, seqs: impl IntoIterator<Item = i64>) {
    hub.announce(seqs.into_iter().map(|seq| said(ALICE, seq)).collect());
}

/// Somebody else's conversation with the same desk.
fn say_elsewhere(hub: &Hub, seq: i64) {
    let mut news = said(ALICE, seq);
    news.event.after.conversation = ELSEWHERE;
    if let What::Posted(message) = &mut news.event.what {
        message.conversation = ELSEWHERE;
    }
    hub.announce(vec![news]);
}

/// Takes what is there, as a session does that goes on.
fn accept(inbox: &mut Inbox) -> Vec<i64> {
    waiting(inbox)
        .into_iter()
        .map(|parcel| {
            let seq = parcel.shown.map_or(0, |(_, seq)| seq);
            parcel.accepted();
            seq
        })
        .collect()
}

const NOTHING: [i64; 0] = [];

#[tokio::test(start_paused = true)]
async fn what_was_said_between_two_sockets_comes_after_a_second_and_a_half() {
    let hub = Hub::new();
    let (seat, mut inbox) = page(&hub, BOB);
    say(&hub, [1]);
    assert_eq!(accept(&mut inbox), [1]);
    drop((seat, inbox));
    say(&hub, 2..=4);

    let (_seat, mut inbox) = page(&hub, BOB);

    advance(ALMOST).await;
    assert_eq!(accept(&mut inbox), NOTHING);
    advance(GRACE - ALMOST).await;
    assert_eq!(accept(&mut inbox), [2, 3, 4]);
    advance(GRACE).await;
    assert_eq!(accept(&mut inbox), NOTHING, "once");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_it_is_woken() {
    let hub = Hub::new();
    drop(page(&hub, ALICE));
    say(&hub, [1]);
    let (_seat, mut inbox) = page(&hub, ALICE);

    let parcel = timeout(GRACE + Duration::from_millis(1), inbox.next()).await.unwrap();

    assert_eq!(parcel.and_then(|parcel| parcel.shown), Some((THREAD, 1)));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_remembered_nothing_is_replayed() {
    check("a first socket", None, Guest { credential: Some(TOKEN), ..guest(SHOP, BOB) }, &[]).await;
    let token = Guest { credential: Some(TOKEN), ..guest(SHOP, BOB) };
    check("the same token", Some(token.clone()), token.clone(), &[1]).await;
    check("another token", Some(token.clone()), Guest { credential: Some(OTHER_TOKEN), ..guest(SHOP, BOB) }, &[]).await;
    check("no token", Some(guest(SHOP, BOB)), guest(SHOP, BOB), &[]).await;
    check("another person", Some(token.clone()), Guest { credential: Some(TOKEN), ..guest(SHOP, ALICE) }, &[]).await;
    let clerk = Guest { permissions: Vec::new(), ..token.clone() };
    check("somebody who may read no longer", Some(token.clone()), clerk.clone(), &[]).await;
    check("somebody who might not read then", Some(clerk), token.clone(), &[]).await;
    let elsewhere = Guest { credential: Some(TOKEN), ..guest(OTHER_SHOP, BOB) };
    check("somebody who serves another shop now", Some(token.clone()), elsewhere.clone(), &[]).await;
    check("somebody who served another shop then", Some(elsewhere), token.clone(), &[]).await;
    let client = Guest { credential: Some(TOKEN), ..v2(SHOP, BOB) };
    check("a v2 client, which asks itself", Some(token.clone()), client.clone(), &[]).await;
    check("a page where a v2 client was", Some(client), token, &[]).await;

    async fn check(who: &str, before: Option<Guest>, now: Guest, expected: &[i64]) {
        let hub = Hub::new();
        drop(before.map(|guest| hub.join(guest)));
        say(&hub, [1]);
        let (_seat, mut inbox) = hub.join(now);
        advance(GRACE).await;
        assert_eq!(accept(&mut inbox), expected, "{who}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_waiting_or_in_hand_when_a_socket_went_was_not_pushed() {
    let hub = Hub::new();
    let (seat, mut inbox) = page(&hub, BOB);
    say(&hub, 1..=4);
    inbox.next().await.unwrap().accepted();
    let in_hand = inbox.next().await;
    drop((seat, inbox, in_hand));

    let (_seat, mut inbox) = page(&hub, BOB);
    advance(GRACE).await;

    assert_eq!(accept(&mut inbox), [2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_a_held_socket_was_not_pushed_and_that_socket_still_gets_it() {
    let hub = Hub::new();
    let (_hidden, mut hidden) = page(&hub, BOB);
    advance(Duration::from_secs(15)).await;
    say(&hub, 1..=3);

    let (_new, mut new) = page(&hub, BOB);
    say(&hub, [4]);
    advance(GRACE).await;
    assert_eq!(accept(&mut new), [1, 2, 3, 4]);

    hidden.pinged();
    assert_eq!(accept(&mut hidden), [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn what_any_socket_of_the_token_accepted_is_not_replayed() {
    let hub = Hub::new();
    let (_leaked, leaked) = page(&hub, BOB);
    let (_other, mut other) = page(&hub, BOB);
    say(&hub, 1..=3);
    assert_eq!(accept(&mut other), [1, 2, 3]);

    let (_new, mut new) = page(&hub, BOB);
    say(&hub, [4]);
    advance(GRACE).await;

    assert_eq!(accept(&mut new), [4]);
    drop(leaked);
}

#[tokio::test(start_paused = true)]
async fn what_another_socket_accepts_meanwhile_is_not_replayed() {
    let hub = Hub::new();
    let (_old, mut old) = page(&hub, BOB);
    say(&hub, 1..=3);
    let (_new, mut new) = page(&hub, BOB);

    advance(ALMOST).await;
    old.next().await.unwrap().accepted();
    advance(GRACE - ALMOST).await;

    assert_eq!(accept(&mut new), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_was_replayed_and_not_accepted_is_replayed_again() {
    let hub = Hub::new();
    drop(page(&hub, BOB));
    say(&hub, 1..=3);
    let (seat, mut inbox) = page(&hub, BOB);
    advance(GRACE).await;
    inbox.next().await.unwrap().accepted();
    drop((seat, inbox));

    let (_seat, mut inbox) = page(&hub, BOB);
    advance(GRACE).await;

    assert_eq!(accept(&mut inbox), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn frames_of_the_malls_own_are_not_replayed() {
    let hub = Hub::new();
    drop(page(&hub, BOB));
    hub.send(&Recipient::EveryAdmin(SHOP), "notice-push", "{}");
    let (_seat, mut inbox) = page(&hub, BOB);

    advance(GRACE).await;

    assert!(waiting(&mut inbox).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_member_at_two_doors_is_replayed_at_each_what_was_said_there() {
    let hub = Hub::new();
    let at = |scope| hub.join(Guest { credential: Some(TOKEN), ..guest(scope, ALICE) });
    drop((at(SHOP), at(OTHER_SHOP)));
    let mut there = said(BOB, 7);
    there.event.after.scope = OTHER_SHOP;
    there.event.after.conversation = ELSEWHERE;
    assert_eq!(there.event.after.member, MemberId(101));
    if let What::Posted(message) = &mut there.event.what {
        message.conversation = ELSEWHERE;
    }
    hub.announce(vec![said(BOB, 1), there]);

    let (_one, mut here) = at(SHOP);
    let (_two, mut there) = at(OTHER_SHOP);
    advance(GRACE).await;

    assert_eq!(accept(&mut here), [1]);
    assert_eq!(accept(&mut there), [7]);
}
