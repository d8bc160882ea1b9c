//! The mall is away: whoever was in goes on for a while, nobody is taken for nobody, and nobody for somebody else.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kefu_tests::{Outage, PATIENCE, Who, text};

use crate::house::{House, Plan, ask_until, open};

/// The guard's patience, and some for a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

fn short_memory() -> Plan {
    Plan::asking(&["checked"])
        .set("positive_seconds", 1)
        .set("negative_seconds", 1)
        .set("http_timeout_milliseconds", 800)
}

async fn whoever_was_in_goes_on(outage: Outage) {
    let house = short_memory().build().await;
    let (alice, bob) = (house.member(101), house.admin(7));
    alice.send(&text(1), None).await.ok();
    open(&bob).await.ok();
    let (carol, dora) = (house.member(102), house.admin(1));

    house.mall.down(outage);
    for person in [&alice, &bob] {
        house.ask_until_heard(person, "http", "unavailable").await.ok();
    }
    for stranger in [&carol, &dora] {
        let answer = open(stranger).await;
        assert_eq!(answer.code, 503, "{}", answer.body);
        assert!(answer.took < ANSWERED_WITHIN, "waited {:?}", answer.took);
    }
    alice.send(&text(2), None).await.ok();
    open(&bob).await.ok();

    house.mall.up();
    for person in [&carol, &dora] {
        ask_until(person, 0).await;
    }
    house.ask_until_heard(&alice, "http", "found").await.ok();
    let again = "the mall answers there again";
    house.server.log().wait_for(0, PATIENCE, |line| line.contains(again).then_some(())).await;
    assert_eq!(house.server.log().count("the mall does not answer there"), 1, "said once");
    assert_eq!(house.server.log().count(again), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_refuses_connections() {
    whoever_was_in_goes_on(Outage::Refused).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_behind_a_bad_gateway() {
    whoever_was_in_goes_on(Outage::BadGateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_hangs() {
    whoever_was_in_goes_on(Outage::Silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_grace_nobody_goes_on_and_nobody_is_called_nobody() {
    let house = short_memory().set("grace_seconds", 3).build().await;
    let alice = house.member(101);
    open(&alice).await.ok();
    let since = Instant::now();

    house.mall.down(Outage::Refused);
    let over = ask_until(&alice, 503).await;

    assert!(since.elapsed() >= Duration::from_secs(2), "after {:?}", since.elapsed());
    assert_eq!(over.code, 503);
    house.mall.up();
    ask_until(&alice, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_grace_the_desk_is_away_with_the_mall() {
    let house = short_memory().set("grace_seconds", 0).build().await;
    let alice = house.member(101);
    open(&alice).await.ok();

    house.mall.down(Outage::Refused);
    ask_until(&alice, 503).await;
    house.mall.up();

    ask_until(&alice, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_shut_out_does_not_come_back_with_the_grace() {
    let house = short_memory().build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    open(&alice).await.ok();
    house.mall.sign_out(&hers.access);
    ask_until(&alice, 401).await;

    house.mall.down(Outage::Refused);
    let answer = ask_until(&alice, 503).await;

    assert_ne!(answer.code, 0);
}

/// One source says no and another nothing: that is not sure enough for a no, and too much for grace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_denied_by_one_source_has_no_grace_while_another_is_away() {
    let gone = "\"mysql://root@127.0.0.1:1/mall\"";
    let plan = Plan::asking(&["http", "tables"]).set("database_url", gone);
    let house = plan.set("positive_seconds", 1).set("negative_seconds", 1).build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    open(&alice).await.ok();

    house.mall.sign_out(&hers.access);
    ask_until(&alice, 503).await;

    for _ in 0..5 {
        open(&alice).await.refused(503);
    }
}

/// Redis keeps the tokens of accounts that were switched off; only the tables know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_tables_are_away_nobody_new_comes_in_on_the_word_of_redis_alone() {
    let gone = "\"mysql://root@127.0.0.1:1/mall\"";
    let house = Plan::asking(&["redis", "tables"]).set("database_url", gone).build().await;

    open(&house.member(101)).await.refused(503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_grace_ends_with_the_token() {
    let house = short_memory().build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    house.mall.ends_in(&hers.access, Duration::from_secs(4));
    open(&alice).await.ok();

    house.mall.down(Outage::Refused);
    house.ask_until_heard(&alice, "http", "unavailable").await.ok();

    ask_until(&alice, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signed_out_while_the_mall_was_away_is_out_when_it_is_back() {
    let house = short_memory().build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    open(&alice).await.ok();
    house.mall.down(Outage::BadGateway);
    house.ask_until_heard(&alice, "http", "unavailable").await.ok();

    house.mall.sign_out(&hers.access);
    house.mall.up();

    ask_until(&alice, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_hangs_delays_nobody_else() {
    let house = Plan::asking(&["http"]).build().await;
    let (signed, agent) = (house.server.member(901), house.server.agent(902));
    open(&signed).await.ok();
    open(&agent).await.ok();
    let strangers: Vec<_> = (0..60).map(|_| house.member(101)).collect();
    house.mall.down(Outage::Silent);

    let waiting = join_all(strangers.iter().map(open));
    let others = async {
        for n in 0..20 {
            for answer in [signed.send(&text(n), None).await.ok(), open(&agent).await.ok()] {
                assert!(answer.took < Duration::from_secs(1), "waited {:?}", answer.took);
            }
        }
    };
    let (answers, ()) = tokio::join!(waiting, others);

    for answer in answers {
        assert_eq!(answer.code, 503, "{}", answer.body);
        assert!(answer.took < ANSWERED_WITHIN, "waited {:?}", answer.took);
    }
    house.mall.up();
}

/// The first to ask waits, all others are spared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_hangs_costs_not_every_request_its_patience() {
    let house = short_memory().build().await;
    let alice = house.member(101);
    open(&alice).await.ok();
    house.mall.down(Outage::Silent);

    house.ask_until_heard(&alice, "http", "unavailable").await.ok();
    let began = Instant::now();
    let mut quick = 0;
    while began.elapsed() < PATIENCE && quick < 20 {
        let answer = open(&alice).await.ok();
        quick += usize::from(answer.took < Duration::from_millis(300));
    }

    assert!(began.elapsed() < Duration::from_secs(10), "took {:?}", began.elapsed());
    assert!(house.heard("http", "spared").await >= 10);
    house.mall.up();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_is_not_there_at_start_is_said_and_refuses_no_start() {
    let house = House::asking(&["http"]).await;
    let url = house.mall.url();
    drop(house);

    let again = Plan::asking(&["http"]).set("url", format!("{url:?}")).build().await;

    let log = again.server.log();
    let said = log.wait_for(0, PATIENCE, |line| line.contains("the mall cannot be asked there").then_some(())).await;
    assert!(said.is_some(), "{}", log.tail(10));
    open(&again.server.member(1)).await.ok();
    assert_eq!(open(&again.member(101)).await.code, 503);
}
