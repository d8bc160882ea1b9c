//! A tenant is the mall's to say.

use kefu_tests::{PATIENCE, Who, text};

use crate::house::{CHECK, House, Plan, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_is_not_named_is_not_let_in_by_pages_alone() {
    let house = House::asking(&["http"]).await;
    let (dora, hers) = house.sign_in(Who::Admin(27));

    open(&dora).await.refused(401);

    let request = dora.request(reqwest::Method::GET, "/kefu-conversation/list").header("tenant-id", "2");
    dora.ask(request).await.refused(401);
    assert!(house.mall.asked_about(&hers.access) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_lets_the_mall_say_whose_a_token_is() {
    let house = House::asking(&["checked"]).await;

    house.member(201).send(&text(1), None).await.ok();
    let list = house.admin(27).conversations(&[]).await.ok();

    assert_eq!(list.rows().len(), 1);
    assert!(open(&house.admin(7)).await.ok().rows().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_client_is_an_outage_and_not_a_no() {
    let house = Plan::asking(&["checked"]).set("client_secret", "\"wrong-wrong-wrong\"").build().await;

    let answer = open(&house.member(101)).await;

    assert_eq!(answer.code, 503, "{}", answer.body);
    assert!(house.mall.asked(CHECK) > 0);
    let said = "see mall.client_id and mall.client_secret";
    // The log is written beside the answers.
    house.server.log().wait_for(0, PATIENCE, |line| line.contains(said).then_some(())).await;
    assert_eq!(house.server.log().count(said), 1);
}
