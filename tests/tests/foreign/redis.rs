//! The mall's Redis goes and comes back.

use kefu_tests::{OwnRedis, Who};

use crate::house::{House, Plan, open};

async fn beside(redis: &OwnRedis) -> House {
    Plan::asking(&["redis", "http"]).redis(&redis.url()).set("positive_seconds", 1).build().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_started_again_is_asked_again() {
    let mut redis = OwnRedis::start();
    let house = beside(&redis).await;
    let alice = house.member(101);
    open(&alice).await.ok();
    assert_eq!(house.heard("redis", "found").await, 1);

    redis.kill9();
    house.ask_until_heard(&alice, "redis", "unavailable").await.ok();
    redis.start_again();
    // It has forgotten everything, and the mall's pages know alice.
    house.ask_until_heard(&alice, "redis", "unknown").await.ok();

    let carol = house.member(102);
    let before = house.heard("redis", "found").await;
    open(&carol).await.ok();
    assert_eq!(house.heard("redis", "found").await, before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_passed_by() {
    let redis = OwnRedis::start();
    let house = beside(&redis).await;
    let (alice, bob) = (house.member(101), house.admin(7));
    open(&alice).await.ok();

    redis.freeze();
    house.ask_until_heard(&alice, "redis", "unavailable").await.ok();
    open(&bob).await.ok();
    assert!(house.heard("http", "found").await >= 1);
    redis.thaw();

    house.ask_until_heard(&alice, "redis", "found").await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_revoked_is_gone_from_redis_and_from_here() {
    let redis = OwnRedis::start();
    let house = beside(&redis).await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    open(&alice).await.ok();

    house.mall.sign_out(&hers.access);

    crate::house::ask_until(&alice, 401).await;
}
