//! The client on real sockets, against a server that keeps the rules and spoils the way.

use std::time::Duration;

use futures_util::future::join_all;

use super::model::{Model, Spoils};
use crate::{Cut, FaultProxy, V2Client, V2Start, Way};

/// A quick pulse, so that what only heartbeats show is seen soon.
const PULSE: Duration = Duration::from_millis(50);

fn start(model: &Model, who: &str) -> V2Start {
    let start = match who.split_once(':') {
        Some(("admin", _)) => V2Start::admin(model.address, who),
        _ => V2Start::member(model.address, who),
    };
    start.but(|manners| {
        manners.seed = 7;
        (manners.heartbeat, manners.receive_after) = (Some(PULSE), PULSE);
        manners.ack_within = Duration::from_millis(500);
    })
}

/// Everything there is, in order and once.
#[track_caller]
fn shows_everything(client: &V2Client, model: &Model, conversation: i64, who: &str) {
    let shown: Vec<_> = client
        .applied_in(conversation)
        .into_iter()
        .map(|one| (one.seq, one.id, one.client_msg_id.unwrap_or_default(), one.content, one.revoked, one.deleted))
        .collect();
    assert_eq!(shown, model.log(conversation, who), "{who}");
}

async fn caught_up(client: &V2Client, model: &Model, conversation: i64, who: &str) {
    let stored = model.log(conversation, who);
    client
        .until("everything", |state| {
            let shown = state.applied_in(conversation);
            let same = shown.iter().zip(&stored).all(|(one, row)| (one.revoked, one.deleted) == (row.4, row.5));
            shown.len() == stored.len() && same && state.is_at_rest()
        })
        .await;
    shows_everything(client, model, conversation, who);
}

#[tokio::test]
async fn both_sides_show_what_both_sides_said() {
    let model = Model::start(1).await;
    let (alice, bob) = (start(&model, "member:101").join(), start(&model, "admin:7").join());

    let first = alice.send("one").await;
    bob.open(101).await;
    let second = bob.send_to(101, "two").await;
    let quoting = alice.post_quoting(None, "three", second.id);
    alice.answer(&quoting).await.unwrap();
    bob.read(101, 3).await.unwrap();

    caught_up(&alice, &model, 101, "member:101").await;
    caught_up(&bob, &model, 101, "admin:7").await;
    assert_eq!((first.seq, second.seq, alice.applied()[2].quote), (1, 2, Some(second.id)));
    alice.until("the read mark", |state| state.thread(101).unwrap().desk_read == 3).await;
    assert_eq!(alice.tallies().gaps, 0);
    let receives = || model.received().contains(&serde_json::json!([[101, 3, 4]]));
    alice.until("that the server knows what it has", |_| receives()).await;
    alice.flawless();
    bob.flawless();
}

#[tokio::test]
async fn what_is_lost_doubled_or_swapped_on_the_way_is_shown_in_order_and_once() {
    for seed in 0..5 {
        let model = Model::start(seed).await;
        model.spoil(Spoils { lost: 150, doubled: 150, swapped: 150 });
        let (alice, bob) = (start(&model, "member:101").join(), start(&model, "admin:7").join());
        let other_device = start(&model, "member:101").join();
        alice.send("first").await;
        bob.open(101).await;

        let writes = |client, conversation| async move {
            for n in 0..60 {
                let client: &V2Client = client;
                let ack = client.try_send(conversation, &format!("text {n}")).await.unwrap();
                if n % 10 == 3 {
                    client.revoke(conversation, ack.id).await.unwrap();
                }
                if n % 10 == 7 {
                    client.delete(conversation, ack.id).await.unwrap();
                }
                if n % 20 == 11 {
                    client.cut();
                }
            }
        };
        tokio::join!(writes(&alice, None), writes(&bob, Some(101)));

        for (client, who) in [(&alice, "member:101"), (&other_device, "member:101"), (&bob, "admin:7")] {
            caught_up(client, &model, 101, who).await;
            client.flawless();
        }
        assert_eq!(alice.applied().len(), 121);
        let tallies = [alice.tallies(), bob.tallies(), other_device.tallies()];
        assert!(tallies.iter().all(|tally| tally.gaps > 0 && tally.known > 0), "no test of anything: {tallies:?}");
        assert_eq!(alice.endings().len(), 3, "seed {seed}");
    }
}

#[tokio::test]
async fn a_sending_that_is_cut_off_before_its_answer_is_stored_once() {
    let model = Model::start(1).await;
    let proxy = FaultProxy::before(model.address, 1).await;
    let alice = start(&model, "member:101").at(proxy.address()).join();
    alice.send("one").await;

    for n in 2..=5 {
        proxy.cut_before(Way::Down, br#""action":"send","category":"ack""#, Cut::Reset);
        let ack = alice.send(&format!("text {n}")).await;
        assert_eq!((ack.seq, ack.duplicate), (n, true), "it was stored before the cut");
    }

    caught_up(&alice, &model, 101, "member:101").await;
    assert_eq!((alice.applied().len(), proxy.counts().cut, alice.state().connections()), (5, 4, 5));
    alice.flawless();
}

#[tokio::test]
async fn a_thousand_messages_that_came_meanwhile_come_in_pages() {
    let model = Model::start(1).await;
    let (alice, bob) = (start(&model, "member:101").join(), start(&model, "admin:7").join());
    let first = alice.send("first").await;
    alice.until("its own", |state| state.applied().len() == 1).await;
    alice.go_away().await;

    let keys: Vec<_> = (0..1_000).map(|n| bob.post(Some(101), &format!("text {n}"))).collect();
    // They are answered in order.
    bob.answer(&keys[999]).await.unwrap();
    bob.delete(Some(101), first.id).await.unwrap();
    alice.come_back().await;
    let revoked = bob.acks().into_iter().find(|ack| ack.action == "send" && ack.seq == 500).unwrap();
    bob.revoke(Some(101), revoked.id).await.unwrap();

    caught_up(&alice, &model, 101, "member:101").await;
    assert_eq!(alice.applied().len(), 1_001);
    assert!(alice.tallies().resumed >= 200, "{:?}", alice.tallies());
    alice.flawless();
}

#[tokio::test]
async fn news_that_never_came_are_found_by_the_next_heartbeat() {
    let model = Model::start(1).await;
    let alice = start(&model, "member:101").join();
    alice.send("one").await;

    model.say_nothing_of(101, "nobody pushed this");

    alice.until("what was not pushed", |state| state.applied().len() == 2).await;
    assert_eq!(alice.tallies().gaps, 0, "nothing came that could have shown it");
    alice.flawless();
}

#[tokio::test]
async fn a_line_that_only_seems_alive_is_given_up_and_what_was_said_into_it_is_said_again() {
    for one_way in [None, Some(Way::Up), Some(Way::Down)] {
        let model = Model::start(1).await;
        let proxy = FaultProxy::before(model.address, 1).await;
        let alice = start(&model, "member:101").at([proxy.address(), model.address]).join();
        alice.send("one").await;

        match one_way {
            None => proxy.vanish(),
            Some(way) => proxy.stall(way),
        }
        proxy.refuse();
        let key = alice.post(None, "into the void");
        alice.until("the watchdog", |state| state.tallies().watchdog >= 1).await;
        alice.answer(&key).await.unwrap();

        caught_up(&alice, &model, 101, "member:101").await;
        assert_eq!(alice.applied().len(), 2, "{one_way:?}");
        alice.flawless();
    }
}

#[tokio::test]
async fn whoever_is_asked_to_leave_goes_to_the_other_node_in_time() {
    let model = Model::start(1).await;
    let other = model.another_door().await;
    let proxy = FaultProxy::before(other, 1).await;
    let alice = start(&model, "member:101").at([model.address, proxy.address()]).join();
    alice.send("one").await;
    assert_eq!(proxy.counts().opened, 0);

    model.bye(200);

    alice.until("the other node", |state| state.connections() == 2).await;
    alice.send("two").await;
    assert_eq!((proxy.counts().opened, alice.tallies().byes), (1, 1));
    let ending = alice.endings()[0];
    assert!(ending.by_client && ending.code.is_none(), "{ending:?}");
    caught_up(&alice, &model, 101, "member:101").await;
    alice.flawless();
}

#[tokio::test]
async fn another_life_of_the_database_is_begun_anew() {
    let model = Model::start(1).await;
    let alice = start(&model, "member:101").join();
    for n in 0..7 {
        alice.send(&format!("text {n}")).await;
    }
    alice.until("all", |state| state.applied().len() == 7).await;

    model.renew("second");

    alice.until("the newest page", |state| state.applied().len() == 5 && state.is_at_rest()).await;
    assert_eq!(alice.applied()[0].seq, 3);
    assert_eq!((alice.state().notebook().epoch(), alice.tallies().resets), (Some("second"), 1));
    alice.flawless();
}

#[tokio::test]
async fn whoever_is_put_off_comes_again_under_the_same_key_and_in_order() {
    let model = Model::start(1).await;
    let alice = start(&model, "member:101").join();
    alice.send("first").await;
    model.be_busy(3);

    let keys = ["a", "b"].map(|text| alice.post(None, text));
    join_all(keys.iter().map(|key| alice.answer(key))).await;

    caught_up(&alice, &model, 101, "member:101").await;
    let texts: Vec<_> = alice.applied().into_iter().map(|one| one.content).collect();
    assert_eq!(texts, ["first", "a", "b"]);
    assert_eq!(alice.tallies().put_off, 3);
    assert_eq!(model.keys_heard()[1..], [&keys[0], &keys[0], &keys[0], &keys[0], &keys[1]].map(String::clone));
}

#[tokio::test]
async fn whoever_is_not_let_in_stays_out_until_called_back() {
    let model = Model::start(1).await;
    let proxy = FaultProxy::before(model.address, 1).await;
    let nobody = V2Client::member(proxy.address(), "nobody");

    nobody.until("its ending", |state| !state.endings().is_empty()).await;

    assert_eq!(nobody.state().turned_away(), Some(401));
    assert_eq!(nobody.endings()[0].code, Some(4401));
    proxy.until("the end of its line", |counts| counts.ended == 1).await;
    assert_eq!(proxy.counts().opened, 1);
}

#[tokio::test]
async fn a_client_that_hangs_or_is_deaf_catches_up_when_it_no_longer_is() {
    let model = Model::start(1).await;
    let (alice, bob) = (start(&model, "member:101").join(), start(&model, "admin:7").join());
    alice.send("first").await;
    alice.until("its own", |state| state.applied().len() == 1).await;

    alice.pause_reading();
    for n in 0..20 {
        bob.send_to(101, &format!("text {n}")).await;
    }
    assert_eq!(alice.applied().len(), 1, "it hangs");
    alice.resume_reading();
    caught_up(&alice, &model, 101, "member:101").await;
    assert_eq!(alice.state().connections(), 1, "nobody cut it");

    alice.play_deaf(true);
    let last = bob.send_to(101, "unheard").await;
    alice.until("the push", |state| state.frames().iter().any(|frame| frame.id() == Some(last.id))).await;
    assert_eq!(alice.applied().len(), 21, "it is deaf");
    alice.play_deaf(false);
    caught_up(&alice, &model, 101, "member:101").await;
    alice.flawless();
}
