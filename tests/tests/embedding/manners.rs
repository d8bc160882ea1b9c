//! Neighbours: what is the mall's stays the mall's, and what is the desk's the desk's.

use example_mall::LONGEST_BODY;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::{DOORS, House};

async fn send(request: RequestBuilder) -> Response {
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_each_ones_own() {
    let house = House::open().await;
    let alice = house.signed_in("alice").await;
    let order = |more: usize| json!({ "product": 1, "count": 2, "wish": "x".repeat(more) });
    // 8,192 characters are the longest text, and here six times the mall's longest body.
    let longest = "茶".repeat(8_192);

    let fits = alice.json(Method::POST, "/shop/orders", &order(100)).await;
    let too_long = send(alice.request(Method::POST, "/shop/orders").json(&order(LONGEST_BODY))).await;
    let (long_text, _) = alice.say("/shop", None, &longest).await;
    let (too_long_text, _) = alice.say("/shop", None, &"x".repeat(128 * 1_024)).await;
    let still = send(alice.request(Method::POST, "/shop/orders").json(&order(LONGEST_BODY))).await;

    assert_eq!(fits["count"], 2);
    assert_eq!(too_long.status(), 413);
    assert_eq!((long_text, too_long_text), (0, 400));
    assert_eq!(still.status(), 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_neither_ones_is_the_malls_404() {
    let house = House::open().await;
    let alice = house.signed_in("alice").await;

    for path in ["/nothing", "/shop/nothing", "/app-api/promotion/kefu-nothing", "/live", "/infra/file/upload"] {
        let answer = send(alice.request(Method::GET, path)).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.text().await.unwrap(), "", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_of_the_desk_answers_for_all_its_methods() {
    let house = House::open().await;
    let alice = house.signed_in("alice").await;

    for (shop, _) in DOORS {
        let answer = send(alice.request(Method::DELETE, &format!("{shop}/kefu-message/send"))).await;
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], 405);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_malls_middleware_sees_every_request() {
    let house = House::open().await;
    let alice = house.signed_in("alice").await;
    let mut numbers = Vec::new();

    for path in ["/shop/products", "/shop/kefu-message/list", "/app-api/promotion/kefu-message/list", "/nothing"] {
        let answer = send(alice.request(Method::GET, path)).await;
        let number = answer.headers().get("x-request-number").unwrap_or_else(|| panic!("{path}"));
        numbers.push(number.to_str().unwrap().parse::<u64>().unwrap());
    }

    // The login was the first.
    assert_eq!(numbers, [2, 3, 4, 5]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_says_no_in_its_own_way() {
    let house = House::open().await;
    let (stranger, alice, bob) = (house.stranger(), house.signed_in("alice").await, house.signed_in("bob").await);

    for (who, path, status) in [
        (&stranger, "/shop/orders", 401),
        (&bob, "/shop/orders", 403),
        (&alice, "/shop/orders", 200),
        (&stranger, "/shop/products", 200),
    ] {
        assert_eq!(send(who.request(Method::GET, path)).await.status(), status, "{path}");
    }
    for (who, path, code) in [
        (&stranger, "/shop/kefu-message/list", 401),
        (&bob, "/shop/kefu-message/list", 403),
        (&alice, "/office/kefu-conversation/list", 403),
        (&alice, "/shop/kefu-message/list", 0),
    ] {
        let answer = send(who.request(Method::GET, path)).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], code, "{path}");
    }
}
