//! Sockets at the hub: the desk's frames, and the mall's own.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};

use crate::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mall_sends_a_frame_of_its_own() {
    let house = House::open().await;
    let (alice, carol, bob) =
        (house.signed_in("alice").await, house.signed_in("carol").await, house.signed_in("bob").await);
    let (hers, another) = (alice.listen().await, carol.listen().await);
    let bought = alice.json(Method::POST, "/shop/orders", &json!({ "product": 1, "count": 2 })).await;
    let ship = format!("/office/orders/{}/ship", bought["id"]);

    let told = bob.json(Method::POST, &ship, &Value::Null).await;
    hers.wait_until("the notice", |frames| frames.len() == 1).await;

    assert_eq!(told["heard"], 1);
    let notice = &hers.frames()[0];
    assert_eq!(notice.kind, "order-shipped");
    assert_eq!((&notice.content["id"], &notice.content["shipped"]), (&bought["id"], &json!(true)));
    another.settle().await;
    assert!(another.frames().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_opens_at_a_door_of_the_malls_choosing() {
    let house = House::open().await;
    let alice = house.signed_in("alice").await;
    let address = |token: &str| format!("ws://{}/live/ws?token={token}", alice.address);
    let (mut page, _) = tokio_tungstenite::connect_async(address(&alice.token)).await.unwrap();

    alice.say("/shop", None, "hello").await;
    let frame = page.next().await.unwrap().unwrap();

    assert!(frame.to_text().unwrap().contains("kefu_message_type"));
    assert!(tokio_tungstenite::connect_async(address("nobody")).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_malls_logout_closes_the_sockets_of_that_login() {
    let house = House::open().await;
    let (here, there) = (house.signed_in("alice").await, house.signed_in("alice").await);
    let (ends, stays) = (here.listen().await, there.listen().await);

    let told = here.json(Method::POST, "/logout", &Value::Null).await;

    assert_eq!(told["sockets"], 1);
    assert!(ends.closed(Duration::from_secs(5)).await.is_some(), "a login that ended still listens");
    assert_eq!(here.say("/shop", None, "hello").await.0, 401);
    there.say("/shop", None, "hello").await;
    stays.wait_until("the message", |frames| frames.len() == 1).await;
}
