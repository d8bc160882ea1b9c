//! Saying, reading, taking back, deleting, quoting, typing.

use serde_json::{Value, json};

use crate::client::{Client, text};
use crate::house::House;

/// Without what differs from run to run.
fn core(frame: &Value) -> Value {
    let mut frame = frame.clone();
    frame.as_object_mut().unwrap().remove("created_at");
    frame
}

#[actix_web::test]
async fn what_a_member_says_is_answered_and_heard_by_all_their_devices_and_the_desk() {
    let house = House::open().await;
    let (mut phone, mut tablet) =
        (Client::enter(&house, "member:101").await, Client::enter(&house, "member:101").await);
    let mut admin = Client::enter(&house, "admin:7").await;

    phone.say(text("k1", "在吗")).await;
    let ack = phone.hear_of("ack", "send").await;
    let heard = tablet.hear().await;
    let at_desk = admin.hear().await;

    let id = &ack["ext"]["conversation"];
    assert_eq!(
        core(&ack),
        json!({
            "category": "ack", "action": "send", "id": ack["id"],
            "ext": {"conversation": id, "seq": 1, "change": 1, "client_msg_id": "k1"},
        })
    );
    assert_eq!(heard["created_at"], ack["created_at"]);
    assert_eq!(
        core(&heard),
        json!({
            "category": "customer", "action": "send", "style": "normal", "kind": "text", "content": "在吗",
            "from": "member:101", "to": "shop:0", "id": ack["id"], "is_read": false,
            "ext": {
                "conversation": id, "shop": 0, "seq": 1, "change": 1, "client_msg_id": "k1",
                "avatar": "https://x/member.png",
            },
        })
    );
    assert_eq!((&at_desk["ext"]["member"], &at_desk["ext"]["unread"]), (&json!(101), &json!(1)));
}

#[actix_web::test]
async fn one_key_is_one_message_however_often_it_is_said() {
    let house = House::open().await;
    let mut phone = Client::enter(&house, "member:101").await;
    let mut tablet = Client::enter(&house, "member:101").await;

    for content in ["1", "1", "2"] {
        phone.say(text("k1", content)).await;
    }
    let mut answers = Vec::new();
    while answers.len() < 3 {
        answers.push(phone.hear_of("ack", "send").await);
    }

    assert_eq!(answers[0]["ext"]["duplicate"], Value::Null);
    assert_eq!((&answers[1]["ext"]["duplicate"], &answers[1]["id"]), (&json!(true), &answers[0]["id"]));
    assert_eq!((&answers[2]["ext"]["code"], &answers[2]["ext"]["client_msg_id"]), (&json!(900), &json!("k1")));
    assert_eq!(tablet.settle().await.len(), 1, "told once");
}

#[actix_web::test]
async fn what_is_said_in_one_breath_is_stored_in_its_order() {
    let house = House::open().await;
    let mut phone = Client::enter(&house, "member:101").await;
    let mut tablet = Client::enter(&house, "member:101").await;

    for number in 0..100 {
        phone.say(text(&format!("k{number}"), &format!("{number}"))).await;
    }
    let mut heard = Vec::new();
    while heard.len() < 100 {
        let frame = tablet.hear().await;
        heard.push((frame["content"].as_str().unwrap().to_owned(), frame["ext"]["seq"].as_i64().unwrap()));
    }

    let expected: Vec<_> = (0..100).map(|number| (number.to_string(), number + 1)).collect();
    assert_eq!(heard, expected);
}

#[actix_web::test]
async fn an_agent_answers_quotes_and_takes_back() {
    let house = House::open().await;
    let id = house.talk_of(1).await;
    let mut admin = Client::enter(&house, "admin:7").await;
    let mut member = Client::enter(&house, "member:101").await;
    let ext = |key| json!({"conversation": id.0, "client_msg_id": key});

    admin.say(json!({"action": "read", "ext": {"conversation": id.0, "seq": 1, "client_msg_id": "r"}})).await;
    let read = member.hear().await;
    assert_eq!(
        (&read["category"], &read["action"], &read["from"]),
        (&json!("manager"), &json!("read"), &json!("admin:7"))
    );
    assert_eq!([&read["ext"]["seq"], &read["ext"]["change"]], [1, 2]);

    admin.say(json!({"action": "send", "kind": "text", "content": "在", "quote": 1, "ext": ext("k")})).await;
    let said = member.hear().await;
    assert_eq!((&said["quote"], &said["ext"]["quote_seq"], &said["to"]), (&json!(1), &json!(1), &json!("member:101")));

    admin.say(json!({"action": "revoke", "quote": said["id"], "ext": ext("v")})).await;
    let ack = admin.hear_of("ack", "revoke").await;
    let gone = member.hear().await;
    assert_eq!([&ack["ext"]["change"], &ack["ext"]["client_msg_id"]], [&json!(4), &json!("v")]);
    assert_eq!(
        (&gone["action"], &gone["is_revoke"], &gone["content"]),
        (&json!("revoke"), &json!(true), &json!("消息已撤回"))
    );
    assert_eq!((&gone["id"], &gone["ext"]["seq"], &gone["ext"]["change"]), (&said["id"], &json!(2), &json!(4)));

    member.say(json!({"action": "revoke", "quote": said["id"], "ext": {"client_msg_id": "x"}})).await;
    let refused = member.hear_of("ack", "revoke").await;
    assert_eq!((&refused["ext"]["code"], &refused["ext"]["client_msg_id"]), (&json!(1_013_020_001), &json!("x")));
}

#[actix_web::test]
async fn what_a_member_deletes_is_gone_for_them_and_only_counted_for_the_desk() {
    let house = House::open().await;
    house.talk_of(2).await;
    let mut phone = Client::enter(&house, "member:101").await;
    let mut tablet = Client::enter(&house, "member:101").await;
    let mut admin = Client::enter(&house, "admin:7").await;

    phone.say(json!({"action": "delete", "quote": 1})).await;
    phone.hear_of("ack", "delete").await;
    let gone = tablet.hear().await;
    let update = admin.hear().await;

    assert_eq!((&gone["action"], &gone["is_delete"], &gone["content"]), (&json!("delete"), &json!(true), &json!("")));
    assert_eq!([&gone["ext"]["seq"], &gone["ext"]["change"]], [1, 3]);
    assert_eq!(
        (&update["category"], &update["action"], &update["id"]),
        (&json!("system"), &json!("update"), &Value::Null)
    );
    assert_eq!(update["ext"]["change"], 3);
}

#[actix_web::test]
async fn a_member_reads_without_naming_their_conversation() {
    let house = House::open().await;
    let id = house.talk_of(1).await;
    let mut admin = Client::enter(&house, "admin:7").await;
    let ext = json!({"conversation": id.0, "client_msg_id": "k"});
    admin.say(json!({"action": "send", "kind": "text", "content": "在", "ext": ext})).await;
    admin.hear_of("ack", "send").await;
    let mut member = Client::enter(&house, "member:101").await;

    member.say(json!({"action": "read", "ext": {"seq": 2}})).await;

    member.hear_of("ack", "read").await;
    let read = admin.hear_of("customer", "read").await;
    assert_eq!((&read["from"], &read["ext"]["seq"]), (&json!("member:101"), &json!(2)));
}

#[actix_web::test]
async fn that_somebody_is_writing_is_heard_by_the_other_side_and_not_too_often() {
    let house = House::open().await;
    let id = house.talk_of(1).await;
    let mut member = Client::enter(&house, "member:101").await;
    let (mut one, mut two) = (Client::enter(&house, "admin:7").await, Client::enter(&house, "admin:9").await);

    for content in ["on", "off", "on"] {
        member.say(json!({"action": "typing", "content": content})).await;
    }
    assert_eq!(member.settle().await, Vec::<Value>::new(), "they know themselves");
    for agent in [&mut one, &mut two] {
        let heard = agent.settle().await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(
            heard[0],
            json!({
                "category": "customer", "action": "typing", "content": "on", "from": "member:101",
                "ext": {"conversation": id.0, "shop": 0, "member": 101},
            })
        );
    }

    one.say(json!({"action": "typing", "content": "on", "ext": {"conversation": id.0}})).await;
    assert_eq!(member.hear().await["from"], "admin:7");
    assert_eq!(two.hear_of("manager", "typing").await["content"], "on");
}
