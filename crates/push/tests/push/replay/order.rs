//! In which order, and in which state.

use super::*;

#[tokio::test(start_paused = true)]
async fn live_frames_of_such_a_conversation_wait_behind_and_others_do_not() {
    let hub = Hub::new();
    drop(page(&hub, BOB));
    say(&hub, 1..=2);
    let (_seat, mut inbox) = page(&hub, BOB);

    say(&hub, [3]);
    hub.announce(vec![did(BOB, What::Read(Side::Desk, 3))]);
    say_elsewhere(&hub, 7);
    hub.send(&Recipient::EveryAdmin(SHOP), "notice-push", "{}");
    assert_eq!(accept(&mut inbox), [7, 0], "another conversation, and the mall's own frame");

    advance(GRACE).await;
    say(&hub, [4]);
    assert_eq!(accept(&mut inbox), [1, 2, 3, 0, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_announced_again_comes_once() {
    let hub = Hub::new();
    let (seat, mut inbox) = page(&hub, BOB);
    say(&hub, 1..=2);
    assert_eq!(accept(&mut inbox), [1, 2]);
    drop((seat, inbox));
    say(&hub, 3..=4);

    let (_seat, mut inbox) = page(&hub, BOB);
    say(&hub, 1..=5);
    advance(GRACE).await;
    say(&hub, 1..=5);

    assert_eq!(accept(&mut inbox), [3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_stopping_hub_gives_what_is_new_and_replays_nothing() {
    let hub = Hub::new();
    drop(page(&hub, BOB));
    say(&hub, [1]);
    let (_seat, mut inbox) = page(&hub, BOB);
    say(&hub, [2]);

    hub.close_all();

    assert_eq!(accept(&mut inbox), [2]);
    assert!(inbox.is_closed());
}

#[tokio::test(start_paused = true)]
async fn that_the_desk_has_read_is_replayed_in_its_place_and_once() {
    let read = |up_to| did(BOB, What::Read(Side::Desk, up_to));
    check(&|hub| hub.announce(vec![said(ALICE, 1), read(1), said(ALICE, 2)]), &[1, 0, 2]).await;
    check(&|hub| hub.announce(vec![said(ALICE, 1), read(1), said(ALICE, 2), read(2)]), &[1, 2, 0]).await;
    check(
        &|hub| {
            hub.announce(vec![said(ALICE, 1), read(1), said(ALICE, 2)]);
            hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 1);
        },
        &[2],
    )
    .await;

    async fn check(meanwhile: &dyn Fn(&Hub), expected: &[i64]) {
        let hub = Hub::new();
        drop(page(&hub, BOB));
        meanwhile(&hub);
        let (_seat, mut inbox) = page(&hub, BOB);
        advance(GRACE).await;
        assert_eq!(accept(&mut inbox), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_shown_what_was_taken_back_or_deleted_meanwhile() {
    let hub = Hub::new();
    let (_hidden, mut hidden) = page(&hub, BOB);
    advance(Duration::from_secs(15)).await;
    let (_alice, alice) = page(&hub, ALICE);
    say(&hub, 1..=4);
    drop((_alice, alice));

    hub.announce(vec![taken_back(1), deleted(Side::Desk, 2), deleted(Side::Member, 3)]);
    let (_new, mut new) = page(&hub, BOB);
    let (_hers, mut hers) = page(&hub, ALICE);
    advance(GRACE).await;
    hidden.pinged();

    for (inbox, expected) in [(&mut new, [1, 3, 4]), (&mut hidden, [1, 3, 4]), (&mut hers, [1, 2, 4])] {
        let parcels = waiting(inbox);
        let seqs: Vec<_> = parcels.iter().filter_map(|parcel| parcel.shown).map(|(_, seq)| seq).collect();
        assert_eq!(seqs, expected);
        assert!(parcels[0].text.contains("消息已撤回") && !parcels[0].text.contains("text"), "{}", parcels[0].text);
    }

    fn taken_back(seq: i64) -> Announcement {
        let mut message = crate::common::message(ALICE, seq);
        (message.kind, message.content) = (5, kefu_domain::TOMBSTONE.into());
        message.revoked = Some(message.time);
        did(ALICE, What::Revoked(message))
    }

    fn deleted(by: Side, seq: i64) -> Announcement {
        let mut message = crate::common::message(ALICE, seq);
        message.deleted = kefu_domain::Deleted { by_member: by == Side::Member, by_desk: by == Side::Desk };
        did(if by == Side::Desk { BOB } else { ALICE }, What::Deleted(by, message))
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_leaves_its_place_to_nobody_who_came_later() {
    let hub = Hub::new();
    let (_hidden, mut hidden) = page(&hub, ALICE);
    say(&hub, 1..=3);
    advance(Duration::from_secs(15)).await;
    say(&hub, 4..=53);

    let mut gone = crate::common::message(ALICE, 1);
    gone.deleted.by_member = true;
    hub.announce(vec![did(ALICE, What::Deleted(Side::Member, gone))]);
    say(&hub, [54]);
    hidden.pinged();

    assert_eq!(accept(&mut hidden), [2, 3].into_iter().chain(5..=54).collect::<Vec<_>>());
}
