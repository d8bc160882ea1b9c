//! Shoppers and clerks of the mall talk, and are who the mall's tables say they are.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{DOORS, House, Somebody};

const ALICE: &str = "https://mall.example/faces/alice.png";
const BOB: &str = "https://mall.example/faces/bob.png";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shopper_writes_and_a_clerk_hears_and_answers() {
    let house = House::open().await;
    let (alice, bob) = (house.signed_in("alice").await, house.signed_in("bob").await);
    let (her_page, his_page) = (alice.listen().await, bob.listen().await);

    alice.say("/shop", None, "Is it still hot after a day?").await;
    his_page.wait_until("her question", |frames| frames.len() == 1).await;
    let listed = bob.get("/office/kefu-conversation/list").await;
    let conversation = &listed[0]["id"];
    let (code, _) = bob.say("/office", Some(conversation), "Warm.").await;
    her_page.wait_until("both", |frames| frames.len() == 2).await;

    assert_eq!(code, 0);
    assert_eq!((&listed[0]["userNickname"], &listed[0]["userAvatar"]), (&json!("小红"), &json!(ALICE)));
    assert_eq!((&listed[0]["userId"], &listed[0]["adminUnreadMessageCount"]), (&json!(101), &json!(1)));
    assert_eq!(his_page.frames()[0].content["senderAvatar"], ALICE);
    let answer = &her_page.frames()[1].content;
    assert_eq!((&answer["senderAvatar"], &answer["senderId"]), (&json!(BOB), &json!(7)));
    assert_eq!(answer["content"], r#"{"text":"Warm."}"#);
    assert_eq!(alice.get("/shop/kefu-message/list").await[0]["senderAvatar"], BOB);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_searched_by_the_malls_names() {
    let house = House::open().await;
    for name in ["alice", "carol"] {
        house.signed_in(name).await.say("/shop", None, "hello").await;
    }
    let bob = house.signed_in("bob").await;

    let found = bob.get("/office/kefu-conversation/list?name=%E7%BA%A2").await;

    assert_eq!(found.as_array().unwrap().iter().map(|line| &line["userId"]).collect::<Vec<_>>(), [101]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desk_is_one_behind_all_its_doors() {
    let house = House::open().await;
    let (alice, bob) = (house.signed_in("alice").await, house.signed_in("bob").await);

    for (shop, _) in DOORS {
        assert_eq!(alice.say(shop, None, "hello").await.0, 0);
    }

    for (_, office) in DOORS {
        let listed = bob.get(&format!("{office}/kefu-conversation/list")).await;
        assert_eq!(listed[0]["adminUnreadMessageCount"], 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mall_shows_a_product_of_its_own_table_in_the_chat_of_its_shop() {
    let house = House::open().await;
    let (alice, bob, dave) =
        (house.signed_in("alice").await, house.signed_in("bob").await, house.signed_in("dave").await);
    let (mall_desk, tea_shop) = (bob.listen().await, dave.listen().await);

    let told = alice.json(Method::POST, "/shop/products/2/ask", &Value::Null).await;
    tea_shop.wait_until("the card", |frames| frames.len() == 1).await;

    let card = &tea_shop.frames()[0].content;
    assert_eq!((&told["message"], &told["shop"]), (&card["id"], &json!(3)));
    assert_eq!(card["contentType"], 10);
    let shown: Value = serde_json::from_str(card["content"].as_str().unwrap()).unwrap();
    assert_eq!((&shown["spuId"], &shown["spuName"], &shown["price"]), (&json!(2), &json!("龙井茶"), &json!(12_800)));
    assert_eq!(dave.get("/office/kefu-conversation/list").await[0]["shopId"], 3);
    mall_desk.settle().await;
    assert!(mall_desk.frames().is_empty(), "another shop's clerk hears nothing");
    assert_eq!(bob.get("/office/kefu-conversation/list").await, json!([]));
    assert_eq!(alice.get("/shop/kefu-message/list").await, json!([]));
    assert_eq!(alice.get("/shop/kefu-message/list?shopId=3").await[0]["id"], told["message"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_malls_table_says_which_shops_take_messages() {
    let house = House::open().await;
    let alice = house.signed_in("alice").await;
    let body = json!({ "contentType": 1, "content": "hello" });

    for (shop, code) in [(0, 0), (3, 0), (4, 400), (5, 400)] {
        let send = alice.request(Method::POST, &format!("/shop/kefu-message/send?shopId={shop}")).json(&body);
        assert_eq!(Somebody::told(send).await.0, code, "shop {shop}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_answers_a_shopper_whom_the_mall_no_longer_knows() {
    let house = House::open().await;
    let (alice, carol, bob) =
        (house.signed_in("alice").await, house.signed_in("carol").await, house.signed_in("bob").await);
    alice.say("/shop", None, "hello").await;
    carol.say("/shop", None, "hello").await;
    let listed = bob.get("/office/kefu-conversation/list").await;
    let of = |member: i64| {
        let line = listed.as_array().unwrap().iter().find(|line| line["userId"] == member).unwrap();
        line["id"].clone()
    };

    alice.json(Method::DELETE, "/shop/me", &Value::Null).await;

    assert_eq!(bob.say("/office", Some(&of(101)), "Still there?").await, (1_004_001_001, Value::Null));
    assert_eq!(bob.say("/office", Some(&of(102)), "Still there?").await.0, 0);
    assert_eq!(alice.say("/shop", None, "hello").await.0, 401);
}
