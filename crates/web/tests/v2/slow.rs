//! Clients that do not keep up, or do not say that they do.

use std::time::{Duration, Instant};

use kefu_domain::{Kind, Profile};
use serde_json::json;

use crate::applying::Screen;
use crate::client::Client;
use crate::house::{ALICE, Credulous, House};

#[actix_web::test]
async fn whoever_does_not_read_for_a_while_is_told_so_and_given_what_they_missed() {
    const MESSAGES: i64 = 2_500;
    let push = kefu_push::Settings { queue: 16, ..Default::default() };
    let house = House::with(push, Default::default(), |site| site.doorkeeper(Credulous::default())).await;
    let id = house.talk_of(1).await.0;
    let (mut member, _) = Client::enter_with(&house, "member:101", json!({"resume": [[id, 1, 1]]})).await;

    // More than kernels hold for somebody who does not read.
    let long = kefu_domain::Content::new(Kind::Text, &"x".repeat(8_000)).unwrap();
    for _ in 1..MESSAGES {
        let desk = house.desk.member(ALICE, Profile::default());
        desk.send(kefu::Post::new(long.clone())).await.unwrap();
    }
    let (mut screen, mut lagged) = (Screen { seq: 1, change: 1, ..Screen::default() }, 0);
    while screen.seq < MESSAGES {
        let frame = member.hear().await;
        lagged += usize::from(frame["ext"]["lagging"] == true);
        screen.take(&frame);
    }

    assert!(lagged >= 1);
    assert!(screen.is_whole(2, MESSAGES), "{:?}", (screen.seq, screen.shown.len()));
    assert_eq!(screen.gaps, 0);
}

#[actix_web::test]
async fn what_is_not_confirmed_is_sent_once_more_and_then_the_socket_ends() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    let (mut member, _) = Client::enter_with(&house, "member:101", json!({"resume": [[id, 1, 1]]})).await;
    member.hear_of("ack", "resume").await;
    house.alice_says("did you get this?").await;
    let first = member.hear().await;
    assert_eq!(first["ext"]["seq"], 2);

    let began = Instant::now();
    let mut again = None;
    let mut beats = actix_web::rt::time::interval(Duration::from_secs(1));
    let end: u16 = loop {
        tokio::select! {
            _ = beats.tick() => {
                member.say(json!({"category": "heartbeat", "ext": {"received": [[id, 1, 1]]}})).await;
            }
            message = member.next() => match message {
                tokio_tungstenite::tungstenite::Message::Text(text) => {
                    let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
                    if frame["action"] == "resume" {
                        assert_eq!(frame["ext"]["messages"][0]["ext"]["seq"], 2);
                        assert!(again.replace(began.elapsed()).is_none(), "once");
                    }
                }
                tokio_tungstenite::tungstenite::Message::Close(frame) => break frame.unwrap().code.into(),
                _ => {}
            }
        }
    };

    assert_eq!(end, 4409);
    assert!(again.unwrap() >= Duration::from_secs(9) && began.elapsed() >= Duration::from_secs(19));
}

#[actix_web::test]
async fn whoever_confirms_is_not_bothered() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    let (mut member, _) = Client::enter_with(&house, "member:101", json!({"resume": [[id, 1, 1]]})).await;
    member.hear_of("ack", "resume").await;
    house.alice_says("did you get this?").await;
    member.hear().await;

    member.say(json!({"category": "receive", "ext": {"received": [[id, 2, 2]]}})).await;
    let mut beats = actix_web::rt::time::interval(Duration::from_secs(1));
    for _ in 0..13 {
        beats.tick().await;
        assert!(member.settle().await.is_empty());
    }
}
