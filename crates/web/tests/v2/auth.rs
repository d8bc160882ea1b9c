//! The first frame.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kefu_web::{Settings, SocketLimits};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, ask, text};
use crate::house::{Credulous, House, MALL, caller, credential};

#[actix_web::test]
async fn whoever_is_known_is_told_what_they_need() {
    let house = House::open().await;

    let (_member, to_member) = Client::enter_with(&house, "member:101", json!({"shop": 3, "client_msg_id": "a"})).await;
    let (_admin, to_admin) = Client::enter_with(&house, "admin:7", json!({})).await;

    assert_eq!((&to_member["category"], &to_member["action"]), (&json!("ack"), &json!("auth")));
    assert_eq!(to_member["from"], "member:101");
    let ext = &to_member["ext"];
    assert_eq!([&ext["epoch"], &ext["heartbeat"], &ext["member_shop"]], [&json!("e1"), &json!(20_000), &json!(3)]);
    assert_eq!(ext["client_msg_id"], "a");
    assert!(ext["server_time"].is_i64(), "{ext}");
    assert_eq!((&to_admin["from"], &to_admin["ext"]["shops"]), (&json!("admin:7"), &json!([0, 3])));
}

#[actix_web::test]
async fn a_ticket_opens_one_socket_and_no_more() {
    let house = House::with(Default::default(), Settings::default(), |site| site).await;
    let asked = ask(&house, "member:101", "POST /app/kefu-socket/ticket").await;
    let ticket = asked["data"]["ticket"].as_str().unwrap();

    let (_first, welcome) = Client::enter_with(&house, ticket, json!({})).await;
    let mut second = Client::open(&house).await;
    second.say(json!({"action": "auth", "content": ticket})).await;

    assert_eq!((&welcome["from"], &asked["data"]["expiresIn"]), (&json!("member:101"), &json!(30)));
    assert_eq!(second.hear().await["ext"]["code"], 401);
    assert_eq!(second.closed().await, 4401);
}

#[actix_web::test]
async fn a_ticket_is_given_to_whoever_is_signed_in_on_their_own_side() {
    let house = House::open().await;

    for (who, path, code) in [
        ("member:101", "/app", 0),
        ("admin:7", "/desk", 0),
        ("trainee:8", "/desk", 0),
        ("nobody", "/app", 401),
        ("admin:7", "/app", 403),
        ("member:101", "/desk", 403),
    ] {
        let answer = ask(&house, who, &format!("POST {path}/kefu-socket/ticket")).await;
        assert_eq!(answer["code"], code, "{who} {path}");
    }
}

#[actix_web::test]
async fn whoever_is_not_let_in_is_told_why() {
    let house = House::open().await;
    let auth = |who: &str, ext: Value| json!({"action": "auth", "content": who, "ext": ext}).to_string();

    for (frame, code, close) in [
        (auth("nobody", json!({})), 401, 4401),
        (auth("kt_00", json!({})), 401, 4401),
        (auth("banned", json!({})), 1_002_015_001, 4401),
        (auth("member:101", json!({"shop": 99})), 400, 1008),
        (auth("puzzle", json!({})), 503, 4503),
        (json!({"action": "auth"}).to_string(), 400, 4401),
        (json!({"category": "heartbeat"}).to_string(), 401, 4401),
        (json!({"action": "send", "content": "before anything else"}).to_string(), 401, 4401),
        (json!({"action": "resume", "ext": {"resume": []}}).to_string(), 401, 4401),
        ("ping".to_owned(), 400, 4401),
    ] {
        let mut client = Client::open(&house).await;
        client.send(Message::text(frame.clone())).await;

        let answer = client.hear().await;
        assert_eq!((&answer["category"], &answer["ext"]["code"]), (&json!("ack"), &json!(code)), "{frame}");
        assert_eq!(answer["ext"]["retry_after"].is_null(), code != 503, "{answer}");
        assert_eq!(client.closed().await, close, "{frame}");
    }
    assert_eq!(house.hub.online().sockets, 0);
}

#[actix_web::test]
async fn a_doorkeeper_who_does_not_come_to_an_end_is_not_waited_for() {
    let house = House::open().await;

    for credential in ["riddle", "kt_riddle"] {
        let began = Instant::now();
        let mut client = Client::open(&house).await;
        client.say(json!({"action": "auth", "content": credential})).await;

        let answer = client.hear().await;
        assert_eq!(answer["ext"]["code"], 503, "{answer}");
        assert_eq!(client.closed().await, 4503);
        let waited = began.elapsed();
        assert!((Duration::from_secs(2)..Duration::from_secs(4)).contains(&waited), "{waited:?}");
    }
}

#[actix_web::test]
async fn whoever_says_nothing_for_five_seconds_is_let_go() {
    let house = House::open().await;
    let mut client = Client::open(&house).await;
    client.send(Message::Ping(vec![1].into())).await;

    assert_eq!(client.closed().await, 4408);
}

#[actix_web::test]
async fn what_is_no_text_is_no_first_frame() {
    let house = House::open().await;
    let mut client = Client::open(&house).await;
    client.send(Message::binary(vec![1])).await;

    assert_eq!(client.closed().await, 1003);
}

#[actix_web::test]
async fn whoever_has_too_many_sockets_is_told_when_to_come_again() {
    let sockets = SocketLimits { per_person: NonZeroU32::new(1), ..SocketLimits::default() };
    let settings = Settings { sockets, ..Settings::default() };
    let house = House::with(Default::default(), settings, |site| site.doorkeeper(Credulous::default())).await;
    let mut first = Client::enter(&house, "member:101").await;

    let mut second = Client::open(&house).await;
    second.say(json!({"action": "auth", "content": "member:101"})).await;
    let answer = second.hear().await;

    assert_eq!(answer["ext"]["code"], 429);
    assert!(answer["ext"]["retry_after"].as_i64().unwrap() > 0, "{answer}");
    assert_eq!(second.closed().await, 4429);
    assert_eq!(first.settle().await, Vec::<Value>::new(), "who was here stays");
    Client::enter(&house, "member:102").await;
}

#[actix_web::test]
async fn a_socket_ends_with_its_credential_and_with_the_server() {
    let house = House::open().await;
    let mut revoked = Client::enter(&house, "member:101").await;
    let mut expired = Client::enter(&house, "member:102").await;
    let mut admin = Client::enter(&house, "admin:7").await;

    assert_eq!(house.hub.close_tenant(kefu_domain::TenantId(2)), 0);
    house.hub.close_credential(&credential("member:101"));
    house.hub.close_party(MALL, caller("member:102").unwrap().party);
    assert_eq!([revoked.closed().await, expired.closed().await], [4401, 4401]);

    house.hub.bye(std::time::Duration::from_secs(5));
    let bye = admin.hear().await;
    assert_eq!((&bye["action"], &bye["ext"]["within"]), (&json!("bye"), &json!(5_000)));
    house.hub.close_all();
    assert_eq!(admin.closed().await, 1001);
}

#[actix_web::test]
async fn what_was_said_before_the_server_stops_is_answered_before_it_does() {
    let house = House::open().await;
    house.talk_of(1).await;
    let mut phone = Client::enter(&house, "member:101").await;
    let gate = house.store.shut_gate();
    phone.say(text("k1", "last words")).await;
    while house.store.locked() == 0 {
        actix_web::rt::task::yield_now().await;
    }

    house.hub.close_all();
    drop(gate);

    assert_eq!(phone.hear_of("ack", "send").await["ext"]["seq"], 2);
    assert_eq!(phone.closed().await, 1001);
}

#[actix_web::test]
async fn what_the_host_keeps_for_a_socket_lives_as_long_as_the_socket() {
    let kept = Arc::new(());
    let doorkeeper = Credulous { kept: Some(kept.clone()), ..Credulous::default() };
    let house = House::with(Default::default(), Settings::default(), |site| site.doorkeeper(doorkeeper)).await;
    let before = Arc::strong_count(&kept);

    let mut client = Client::enter(&house, "member:101").await;
    let during = Arc::strong_count(&kept);
    house.hub.close_all();
    client.closed().await;
    while house.hub.online().sockets > 0 {
        actix_web::rt::task::yield_now().await;
    }

    assert_eq!((during, Arc::strong_count(&kept)), (before + 1, before));
}
