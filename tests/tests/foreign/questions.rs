//! The mall is asked once, and about nobody who is none of its business.

use futures_util::future::join_all;
use kefu_tests::{Side, SocketOptions, Who, text};
use std::time::Duration;

use crate::house::{ADMIN, CHECK, House, MEMBER, Plan, ask_until, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_requests_that_wait_for_one_token_are_one_question() {
    let house = House::asking(&["http"]).await;
    house.mall.answer_after(Duration::from_millis(300));
    let (alice, hers) = house.sign_in(Who::Member(101));
    let (bob, his) = house.sign_in(Who::Admin(7));

    let requests = (0..100).map(|n| open(if n % 2 == 0 { &alice } else { &bob }));
    join_all(requests).await.into_iter().for_each(|answer| drop(answer.ok()));

    assert_eq!((house.mall.asked_about(&hers.access), house.mall.asked_with(MEMBER, &hers.access)), (1, 1));
    assert_eq!((house.mall.asked_about(&his.access), house.mall.asked_with(ADMIN, &his.access)), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_sockets_of_one_token_are_one_question() {
    let house = House::asking(&["http"]).await;
    house.mall.answer_after(Duration::from_millis(200));
    let (_, hers) = house.sign_in(Who::Member(101));
    let alice = house.person(Who::Member(101), &hers.refresh);

    let sockets = join_all((0..20).map(|_| alice.try_listen(SocketOptions::default()))).await;

    assert!(sockets.iter().all(Result::is_ok));
    // A handshake does not say which side it is of, so both pages are asked.
    assert_eq!(house.mall.asked_about(&hers.refresh), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_asked_for_tenant_and_end_and_never_for_the_side() {
    let house = House::asking(&["checked"]).await;
    let (alice, hers) = house.sign_in(Who::Member(101));

    open(&alice).await.ok();

    assert_eq!((house.mall.asked_with(CHECK, &hers.access), house.mall.asked_with(MEMBER, &hers.access)), (1, 1));
    assert_eq!(house.mall.asked_about(&hers.access), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_answer_counts_for_its_time_and_not_longer() {
    let house = Plan::asking(&["http"]).set("positive_seconds", 1).build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));

    for n in 0..3 {
        alice.send(&text(n), None).await.ok();
    }
    let at_first = house.mall.asked_about(&hers.access);
    house.ask_until_heard(&alice, "http", "found").await.ok();

    assert_eq!(at_first, 1);
    assert!(house.mall.asked_about(&hers.access) >= 2);
    house.mall.sign_out(&hers.access);
    ask_until(&alice, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_counts_for_a_moment() {
    let house = Plan::asking(&["http"]).set("negative_seconds", 10).build().await;
    let unknown = "ffffffffffffffffffffffffffffffff";
    let nobody = house.server.person_with(Side::Member, 1, unknown);

    for _ in 0..20 {
        open(&nobody).await.refused(401);
    }

    assert_eq!(house.mall.asked_about(unknown), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_request_claims_changes_nothing_for_the_next() {
    let house = Plan::asking(&["http"]).set("tenants", "[1, 2]").build().await;
    let (alice, _) = house.sign_in(Who::Member(101));

    for tenant in ["2", "77"] {
        let request = alice.request(reqwest::Method::GET, "/kefu-message/list").header("tenant-id", tenant);
        alice.ask(request).await.refused(403);
        open(&alice).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mall_never_sees_a_token_that_is_not_its_own() {
    let house = House::asking(&["http"]).await;
    let greeting = house.mall.asked_at_all();
    let signed = house.server.member(101);
    let forged = format!("{}x", signed.token);

    open(&signed).await.ok();
    open(&house.server.person_with(Side::Member, 101, &forged)).await.refused(401);
    open(&house.server.person_with(Side::Member, 101, "test101")).await.refused(401);
    open(&house.server.person_with(Side::Member, 101, &"a".repeat(300))).await.refused(401);
    open(&house.server.person_with(Side::Member, 101, "oauth2:../../some/other/page")).await.refused(401);

    assert_eq!(house.mall.asked_at_all(), greeting.max(1), "only whether it is there");
}
