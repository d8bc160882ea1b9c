//! Where remembering for the mall's pages ends.

use std::time::Duration;

use kefu_domain::{Announcer, MemberId, Party};
use kefu_push::{Credential, Guest, Hub, Inbox, Seat};
use tokio::time::advance;

use crate::common::{BOB, SHOP, guest, said, seqs};

const TOKEN: Credential = Credential([1; 16]);
const GRACE: Duration = Duration::from_millis(1_500);
const TEN_MINUTES: Duration = Duration::from_secs(600);
const ALICE: Party = crate::common::ALICE;

fn page(hub: &Hub) -> (Seat, Inbox) {
    hub.join(Guest { credential: Some(TOKEN), ..guest(SHOP, ALICE) })
}

fn say(hub: &Hub, seqs: impl IntoIterator<Item = i64>) {
    hub.announce(seqs.into_iter().map(|seq| said(BOB, seq)).collect());
}

/// What somebody is replayed who comes now.
async fn replayed(hub: &Hub) -> Vec<i64> {
    let (_seat, mut inbox) = page(hub);
    advance(GRACE).await;
    seqs(&mut inbox)
}

#[tokio::test(start_paused = true)]
async fn of_many_the_newest_fifty_are_replayed() {
    let hub = Hub::new();
    drop(page(&hub));

    say(&hub, 1..=120);

    assert_eq!(replayed(&hub).await, (71..=120).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn nothing_older_than_ten_minutes_is_replayed() {
    let hub = Hub::new();
    // Somebody whose hidden page says nothing stays remembered.
    let (_hidden, _inbox) = page(&hub);
    advance(Duration::from_secs(15)).await;
    say(&hub, [1]);
    advance(Duration::from_millis(1)).await;
    say(&hub, [2]);

    advance(TEN_MINUTES - GRACE - Duration::from_millis(1)).await;

    assert_eq!(replayed(&hub).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn somebody_is_remembered_for_ten_minutes_after_their_last_socket() {
    check(TEN_MINUTES - Duration::from_millis(1), &[2]).await;
    check(TEN_MINUTES, &[]).await;

    async fn check(away: Duration, expected: &[i64]) {
        let hub = Hub::new();
        let (first, second) = (page(&hub), page(&hub));
        drop(first);
        advance(TEN_MINUTES).await;
        say(&hub, [1]);
        drop(second);
        advance(away - Duration::from_secs(60)).await;
        say(&hub, [2]);
        advance(Duration::from_secs(60)).await;

        assert_eq!(replayed(&hub).await, expected, "{away:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_came_back_is_remembered_for_as_long_as_they_stay() {
    let hub = Hub::new();
    drop(page(&hub));
    advance(Duration::from_secs(1)).await;
    let (back, inbox) = page(&hub);
    advance(TEN_MINUTES).await;
    // Somebody else comes and goes: who was away for too long is forgotten then.
    drop(hub.join(Guest { credential: Some(Credential([2; 16])), ..guest(SHOP, BOB) }));
    drop((back, inbox));

    say(&hub, [1]);

    assert_eq!(replayed(&hub).await, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_ended_leaves_nothing() {
    let hub = Hub::new();
    let (seat, inbox) = page(&hub);
    say(&hub, [1]);

    assert_eq!(hub.close_credential(&TOKEN), 1);
    assert_eq!(replayed(&hub).await, [] as [i64; 0]);

    // The old socket leaves only now, and takes nothing from whoever came since.
    say(&hub, [2]);
    drop((seat, inbox));
    assert_eq!(replayed(&hub).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_who_are_away_are_remembered_and_of_more_the_last() {
    let hub = Hub::new();
    let visit = |number: u32| {
        let mut token = [0; 16];
        token[..4].copy_from_slice(&number.to_be_bytes());
        hub.join(Guest { credential: Some(Credential(token)), ..guest(SHOP, Party::Member(MemberId(101))) })
    };
    for number in 0..=100_000 {
        drop(visit(number));
    }

    say(&hub, [1]);
    let mut sockets = [0, 1, 100_000].map(visit);
    advance(GRACE).await;

    let heard = sockets.each_mut().map(|(_, inbox)| seqs(inbox));
    assert_eq!(heard, [vec![], vec![1], vec![1]]);
}
