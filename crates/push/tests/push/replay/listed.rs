//! What a page has found out by itself.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_a_page_has_listed_is_not_replayed() {
    let hub = Hub::new();
    drop(page(&hub, BOB));
    say(&hub, 1..=4);
    say_elsewhere(&hub, 1);
    hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 1);
    let (_seat, mut inbox) = page(&hub, BOB);

    advance(ALMOST).await;
    hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 3);
    hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 2);
    hub.listed(SHOP.tenant, ALICE, Some(TOKEN), THREAD, 4);
    advance(GRACE - ALMOST).await;

    assert_eq!(accept(&mut inbox), [4, 1], "the other conversation was not listed");
}

/// They list with an access token, and open their sockets with the refresh token.
#[tokio::test(start_paused = true)]
async fn what_is_listed_with_a_token_that_no_socket_came_with_counts_for_all_of_the_persons() {
    check(Some(Credential([9; 16])), [&[], &[]]).await;
    check(None, [&[], &[]]).await;
    check(Some(TOKEN), [&[], &[1]]).await;
    check(Some(OTHER_TOKEN), [&[1], &[]]).await;

    async fn check(listed_with: Option<Credential>, replayed: [&[i64]; 2]) {
        let hub = Hub::new();
        let sockets = || {
            let with = |token| hub.join(Guest { credential: Some(token), ..guest(SHOP, BOB) });
            [with(TOKEN), with(OTHER_TOKEN)]
        };
        drop(sockets());
        say(&hub, [1]);
        hub.listed(SHOP.tenant, BOB, listed_with, THREAD, 1);

        let mut sockets = sockets();
        advance(GRACE).await;

        assert_eq!(sockets.each_mut().map(|(_, inbox)| accept(inbox)), replayed, "{listed_with:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_announced_after_a_page_has_listed_it_is_not_kept_and_still_heard() {
    let hub = Hub::new();
    let (seat, mut inbox) = page(&hub, BOB);
    hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 2);
    say(&hub, 1..=3);
    assert_eq!(seqs(&mut inbox), [1, 2, 3]);
    drop((seat, inbox));

    let (_seat, mut inbox) = page(&hub, BOB);
    advance(GRACE).await;

    assert_eq!(accept(&mut inbox), [3]);
}

#[tokio::test(start_paused = true)]
async fn once_everything_is_listed_nobody_waits() {
    let hub = Hub::new();
    drop(page(&hub, BOB));
    say(&hub, 1..=2);
    let (_seat, mut inbox) = page(&hub, BOB);
    say(&hub, [3]);
    assert_eq!(accept(&mut inbox), NOTHING);

    hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 2);

    assert_eq!(accept(&mut inbox), [3]);
    advance(GRACE).await;
    assert_eq!(accept(&mut inbox), NOTHING);
}

#[tokio::test(start_paused = true)]
async fn what_a_page_that_is_back_has_listed_is_not_pushed_behind_what_it_missed() {
    let hub = Hub::new();
    drop(page(&hub, ALICE));
    say(&hub, 1..=2);
    let (_seat, mut inbox) = page(&hub, ALICE);
    say(&hub, 3..=5);
    say_elsewhere(&hub, 3);
    hub.announce(vec![did(BOB, What::Read(Side::Desk, 5))]);
    assert_eq!(accept(&mut inbox), [3], "the other conversation");

    hub.listed(SHOP.tenant, ALICE, Some(TOKEN), ELSEWHERE, 5);
    hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 5);
    assert_eq!(accept(&mut inbox), NOTHING, "another conversation, and another person");
    hub.listed(SHOP.tenant, ALICE, Some(TOKEN), THREAD, 4);

    assert_eq!(accept(&mut inbox), [5, 0]);
    advance(GRACE).await;
    assert_eq!(accept(&mut inbox), NOTHING);
    say(&hub, [6]);
    hub.listed(SHOP.tenant, ALICE, Some(TOKEN), THREAD, 6);
    assert_eq!(accept(&mut inbox), [6], "one that is not new here has it pushed, as ever");
}

#[tokio::test(start_paused = true)]
async fn what_the_page_of_one_device_has_listed_is_still_pushed_to_another_that_came_back() {
    for listed_with in [None, Some(Credential([9; 16])), Some(TOKEN)] {
        let hub = Hub::new();
        let (_stays, mut desktop) = page(&hub, BOB);
        let laptop = || hub.join(Guest { credential: Some(OTHER_TOKEN), ..guest(SHOP, BOB) });
        drop(laptop());
        say(&hub, [1]);
        let (_back, mut laptop) = laptop();
        say(&hub, [2]);
        assert_eq!(accept(&mut desktop), [1, 2]);

        hub.listed(SHOP.tenant, BOB, listed_with, THREAD, 2);

        advance(GRACE).await;
        let heard = accept(&mut laptop);
        assert!(heard.contains(&2), "{listed_with:?}: {heard:?}");
    }
}

/// Whoever was asked for it would wait for an answer in vain.
#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken_by_a_list_that_leaves_nothing_to_be_replayed() {
    let hub = Hub::new();
    drop(page(&hub, BOB));
    say(&hub, [1]);
    let (_seat, mut inbox) = page(&hub, BOB);
    say(&hub, 2..=3);
    let waiting = tokio::spawn(async move { inbox.next().await.and_then(|parcel| parcel.shown) });
    tokio::task::yield_now().await;

    hub.listed(SHOP.tenant, BOB, Some(TOKEN), THREAD, 2);

    let heard = timeout(Duration::from_millis(1), waiting).await.expect("long before the second and a half");
    assert_eq!(heard.unwrap(), Some((THREAD, 3)));
}
