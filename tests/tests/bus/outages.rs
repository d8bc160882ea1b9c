//! A Redis that goes, comes back, or only pretends to be there.

use std::time::{Duration, Instant};

use kefu_domain::Bus as _;
use kefu_tests::{AncientRedis, Cut, FaultProxy, OwnRedis, shared_redis};

use crate::house::{Node, Street, announcement, posted};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_publishes_waits_for_a_redis_that_is_away_and_it_is_found_when_it_comes() {
    let mut redis = OwnRedis::start();
    let street = Street::at(redis.url());
    redis.kill9();
    let (a, b) = (Node::begin(street.settings()), Node::begin(street.settings()));

    let since = Instant::now();
    for number in 1..=200_000 {
        a.bus.publish(&[announcement(posted(9, number))]);
    }
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert!(!a.bus.health().is_up());

    redis.start_again();
    a.until("the bus", |a| a.bus.health().is_up()).await;
    a.reaches(&b).await;
    assert!(b.numbers().len() < 100_000, "what waits has an end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_killed_is_found_again_however_often_it_goes() {
    let mut redis = OwnRedis::start();
    let street = Street::at(redis.url());
    let (a, b) = tokio::join!(Node::start(street.settings()), Node::start(street.settings()));
    a.reaches(&b).await;

    for _ in 0..3 {
        redis.kill9();
        for node in [&a, &b] {
            node.until("the loss", |node| !node.bus.health().is_up()).await;
        }
        redis.start_again();
        for node in [&a, &b] {
            node.until("the bus", |node| node.bus.health().is_up()).await;
        }
        a.reaches(&b).await;
        b.reaches(&a).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_knows_it_and_comes_back() {
    let proxy = FaultProxy::before_url(&shared_redis(), 7).await;
    let street = Street::at(shared_redis());
    let behind = Street { url: proxy.in_place_of(&street.url), ..street.clone() };
    let (a, b) = tokio::join!(Node::start(behind.settings()), Node::start(street.settings()));
    a.reaches(&b).await;

    proxy.refuse();
    proxy.cut(Cut::Reset);
    a.until("the loss", |a| !a.bus.health().speaks && !a.bus.health().hears).await;
    assert!(b.bus.health().is_up(), "the others have no part in it");

    proxy.heal();
    a.until("the bus", |a| a.bus.health().is_up()).await;
    a.reaches(&b).await;
    b.reaches(&a).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_dead_and_does_not_say_so_is_given_up() {
    let proxy = FaultProxy::before_url(&shared_redis(), 8).await;
    let street = Street::at(shared_redis());
    let behind = Street { url: proxy.in_place_of(&street.url), ..street.clone() };
    let (a, b) = tokio::join!(Node::start(behind.settings()), Node::start(street.settings()));
    a.reaches(&b).await;

    proxy.vanish();
    a.until("the loss of both ways", |a| !a.bus.health().speaks && !a.bus.health().hears).await;

    proxy.heal();
    a.until("the bus", |a| a.bus.health().is_up()).await;
    a.reaches(&b).await;
    b.reaches(&a).await;
}

#[tokio::test]
async fn a_bus_that_nobody_holds_any_more_leaves_redis_alone() {
    let street = Street::at(shared_redis());
    let node = Node::start(street.settings()).await;
    let mut stranger = street.stranger().await;
    let channel = street.hint_channel(9);
    let listeners = async |stranger: &mut redis::aio::MultiplexedConnection| -> i64 {
        let found: Vec<(String, i64)> =
            redis::cmd("PUBSUB").arg("NUMSUB").arg(&channel).query_async(stranger).await.unwrap();
        found[0].1
    };
    assert_eq!(listeners(&mut stranger).await, 1);

    drop(node);

    let deadline = Instant::now() + kefu_tests::PATIENCE;
    while listeners(&mut stranger).await > 0 {
        assert!(Instant::now() < deadline, "it still listens");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_too_old_is_called_so_until_there_is_another_one() {
    let old = AncientRedis::start().await;
    let way = FaultProxy::before_url(&old.url(), 10).await;
    let street = Street::at(shared_redis());
    let behind = Street { url: way.in_place_of(&street.url), ..street.clone() };
    let (a, b) = (Node::begin(behind.settings()), Node::start(street.settings()).await);

    a.until("the refusal", |a| a.bus.health().too_old).await;
    assert!(!a.bus.health().hears && !a.bus.health().is_up());

    way.lead_to_url(&street.url);
    way.cut(Cut::Reset);
    a.until("the bus", |a| a.bus.health().is_up()).await;
    assert!(!a.bus.health().too_old);
    b.reaches(&a).await;
}
