//! Names and pictures of members who were never here, and members whom the mall does not have.

use kefu_tests::{Claims, Person, nickname, text};

use crate::house::{House, Plan};

/// A member with a signed token that says nothing of how they are called.
fn nameless(house: &House, id: i64) -> Person {
    house.server.person(&Claims { nickname: String::new(), avatar: String::new(), ..Claims::member(id) })
}

async fn conversation_of(house: &House, agent: &Person, id: i64) -> i64 {
    nameless(house, id).send(&text(id), None).await.ok();
    let list = agent.conversations(&[]).await.ok();
    list.rows().iter().find(|row| row["userId"] == id).unwrap()["id"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_never_came_with_a_name_has_the_name_of_the_mall() {
    let house = House::asking(&["tables"]).await;
    let bob = house.admin(7);

    let id = conversation_of(&house, &bob, 102).await;
    let row = bob.conversation(id).await.ok().data;

    assert!(row["userNickname"].as_str().unwrap().contains(&nickname(102)), "{row}");
    assert_eq!(row["userAvatar"], "https://mall.example/member-102.png");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_writes_to_a_member_whom_the_mall_does_not_have() {
    let house = House::asking(&["tables"]).await;
    let bob = house.admin(7);
    let (theirs, hers) = (conversation_of(&house, &bob, 4711).await, conversation_of(&house, &bob, 102).await);

    bob.send_to(theirs, &text("hello"), None).await.refused(1_004_001_001);
    bob.send_to(hers, &text("hello"), None).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_whose_tables_are_away_denies_nobody() {
    let gone = "\"mysql://root@127.0.0.1:1/mall\"";
    let house = Plan::asking(&["http", "tables"]).set("database_url", gone).build().await;
    let bob = house.admin(7);

    let id = conversation_of(&house, &bob, 4711).await;

    bob.send_to(id, &text("hello"), None).await.ok();
    assert!(bob.conversation(id).await.ok().data["userNickname"].is_null());
}
