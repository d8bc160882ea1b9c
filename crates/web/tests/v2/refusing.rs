//! What is not done, and what ends a socket.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, text};
use crate::house::House;

#[actix_web::test]
async fn what_somebody_may_not_do_is_refused_and_the_socket_stays() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    let ext = json!({"conversation": id, "client_msg_id": "k"});
    let said = |ext: &Value| json!({"action": "send", "kind": "text", "content": "x", "ext": ext});

    for (who, frame, code) in [
        ("trainee:8", said(&ext), 403),
        ("trainee:8", json!({"action": "read", "ext": {"conversation": id, "seq": 1}}), 403),
        ("trainee:8", json!({"action": "revoke", "quote": 1, "ext": ext}), 403),
        ("trainee:8", json!({"action": "delete", "quote": 1, "ext": ext}), 403),
        ("admin:7", said(&json!({"client_msg_id": "k"})), 400),
        ("admin:7", said(&json!({"client_msg_id": "k", "conversation": 4_711})), 1_013_019_000),
        ("admin:7", json!({"action": "revoke", "quote": 4_711, "ext": ext}), 1_013_020_000),
        ("member:102", said(&ext), 1_013_019_000),
        ("member:102", json!({"action": "read", "ext": {"conversation": id, "seq": 1}}), 1_013_019_000),
        ("member:102", json!({"action": "delete", "quote": 1, "ext": ext}), 1_013_019_000),
        ("member:101", said(&json!({})), 400),
        ("member:101", said(&json!({"client_msg_id": "ö"})), 400),
        ("member:101", json!({"action": "send", "style": "toast", "content": "x", "ext": {"client_msg_id": "k"}}), 400),
        ("member:101", text("k", ""), 400),
        ("member:101", text("k", &"x".repeat(8_193)), 400),
        ("member:101", json!({"action": "auth", "content": "member:101"}), 400),
        ("member:101", json!({"action": "dance"}), 400),
        ("member:101", json!({"action": "resume", "ext": {"resume": vec![[1, 1, 1]; 65]}}), 400),
    ] {
        let mut client = Client::enter(&house, who).await;
        client.say(frame.clone()).await;
        let answer = client.hear().await;

        assert_eq!((&answer["category"], &answer["ext"]["code"]), (&json!("ack"), &json!(code)), "{who} {frame}");
        assert!(answer["ext"]["msg"].as_str().is_some_and(|msg| !msg.is_empty()), "{answer}");
        assert_eq!(client.settle().await, Vec::<Value>::new(), "{who} {frame}");
    }
}

#[actix_web::test]
async fn what_is_no_sound_frame_is_answered_and_forgotten() {
    let house = House::open().await;
    let mut client = Client::enter(&house, "member:101").await;
    let deep = format!(r#"{{"action":"send","x":{}{}}}"#, "[".repeat(32), "]".repeat(32));

    for frame in ["ping", "[]", "", "{", r#"{"action":"send","action":"read"}"#, &deep, r#"{"action":5}"#] {
        client.send(Message::text(frame)).await;
        assert_eq!(client.hear().await["ext"]["code"], 400, "{frame}");
    }
    assert_eq!(client.settle().await, Vec::<Value>::new());
}

#[actix_web::test]
async fn too_much_at_once_ends_the_socket_and_so_does_what_is_no_text() {
    let house = House::open().await;
    for (message, code) in [
        (Message::binary(vec![0; 8]), 1003),
        (Message::text("x".repeat(64 * 1024 + 1)), 1009),
        (Message::Close(None), 1000),
    ] {
        let mut client = Client::enter(&house, "member:101").await;
        client.send(message.clone()).await;
        assert_eq!(client.closed().await, code);
    }
    let mut client = Client::enter(&house, "member:101").await;
    client.send(Message::text("x".repeat(64 * 1024))).await;
    assert_eq!(client.hear().await["ext"]["code"], 400, "as long as may be");
}

#[actix_web::test]
async fn a_sender_in_a_hurry_is_told_to_wait_and_what_they_said_meanwhile_too() {
    let settings = kefu_web::Settings { sends_per_minute: std::num::NonZeroU32::new(3), ..Default::default() };
    let furnish = |site: kefu_web::Site| site.doorkeeper(crate::house::Credulous::default());
    let house = House::with(Default::default(), settings, furnish).await;
    let mut phone = Client::enter(&house, "member:101").await;

    for number in 0..6 {
        phone.say(text(&format!("k{number}"), "x")).await;
    }
    let mut answers = Vec::new();
    while answers.len() < 6 {
        answers.push(phone.hear_of("ack", "send").await);
    }

    let codes: Vec<_> = answers.iter().map(|answer| answer["ext"]["code"].as_i64().unwrap_or(0)).collect();
    assert_eq!(codes, [0, 0, 0, 429, 429, 429]);
    let keys: Vec<_> = answers.iter().map(|answer| answer["ext"]["client_msg_id"].as_str().unwrap()).collect();
    assert_eq!(keys, ["k0", "k1", "k2", "k3", "k4", "k5"]);
    assert!(answers[5]["ext"]["retry_after"].as_i64().unwrap() >= 1_000);
}

#[actix_web::test]
async fn what_was_said_after_something_that_failed_is_not_stored_before_it() {
    let house = House::open().await;
    house.talk_of(1).await;
    let mut phone = Client::enter(&house, "member:101").await;
    let gate = house.store.shut_gate();
    for key in ["k1", "k2", "k3"] {
        phone.say(text(key, key)).await;
    }

    let first = phone.hear_of("ack", "send").await;
    drop(gate);
    let (second, third) = (phone.hear_of("ack", "send").await, phone.hear_of("ack", "send").await);
    let mut retried = Vec::new();
    for key in ["k1", "k2", "k3"] {
        phone.say(text(key, key)).await;
        retried.push(phone.hear_of("ack", "send").await["ext"]["seq"].clone());
    }

    for (answer, key) in [(first, "k1"), (second, "k2"), (third, "k3")] {
        assert_eq!((&answer["ext"]["code"], &answer["ext"]["client_msg_id"]), (&json!(503), &json!(key)));
    }
    assert_eq!(retried, [2, 3, 4]);
}
