//! A mall that is away, and how it counts.

use kefu_tests::{FakeMall, Outage, Who};
use reqwest::Method;

use crate::{ADMIN, MEMBER, ask, data, get};

#[tokio::test]
async fn a_mall_that_refuses_comes_back_on_its_port_with_all_it_knows() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));
    let url = mall.url();
    let client = kefu_tests::http().build().unwrap();
    let again = || client.get(format!("{url}{MEMBER}")).bearer_auth(&alice.access);
    assert_eq!(data(again()).await["id"], 101);

    mall.down(Outage::Refused);
    assert!(again().send().await.is_err());
    mall.up();

    assert_eq!(mall.url(), url);
    assert_eq!(data(again()).await["id"], 101);
}

#[tokio::test]
async fn a_mall_behind_a_proxy_can_be_a_bad_gateway() {
    let mall = FakeMall::start();

    mall.down(Outage::BadGateway);
    let answer = ask(&mall, Method::GET, MEMBER).send().await.unwrap();

    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
}

#[tokio::test]
async fn a_silent_mall_counts_at_once_and_answers_when_it_is_up() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));

    mall.down(Outage::Silent);
    let waiting = tokio::spawn(get(&mall, MEMBER, &alice.access).send());
    mall.wait_until_asked(MEMBER, 1).await;
    assert!(!waiting.is_finished());
    mall.up();

    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn requests_are_counted_by_path_and_token() {
    let mall = FakeMall::start();
    let (alice, bob) = (mall.sign_in(Who::Member(101)), mall.sign_in(Who::Admin(7)));

    get(&mall, MEMBER, &alice.access).send().await.unwrap();
    get(&mall, MEMBER, &alice.access).send().await.unwrap();
    get(&mall, ADMIN, &alice.access).send().await.unwrap();
    get(&mall, ADMIN, &bob.access).send().await.unwrap();

    assert_eq!((mall.asked(MEMBER), mall.asked(ADMIN), mall.asked_at_all()), (2, 2, 4));
    assert_eq!((mall.asked_about(&alice.access), mall.asked_with(ADMIN, &alice.access)), (3, 1));
}
