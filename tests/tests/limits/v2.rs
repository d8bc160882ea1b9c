//! The same limits in `kefu.v2`, where a socket is open before anybody knows whose it is.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use kefu_tests::{Backend, PATIENCE, Person, Server};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::knock::{Knock, Knocked};

/// The longest frame that is taken, in bytes.
const LONGEST: usize = 64 * 1024;

async fn knock(server: &Server) -> Knocked {
    Knock::of(server, &server.member(101)).with("Sec-WebSocket-Protocol: kefu.v2").ask().await
}

/// A socket of nobody's yet.
async fn open(server: &Server) -> WebSocketStream<TcpStream> {
    let stream = knock(server).await.opened();
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

async fn say(socket: &mut WebSocketStream<TcpStream>, frame: &str) {
    socket.send(Message::text(frame)).await.expect("it is open");
}

/// What comes next: a frame, or the code with which the server closes.
async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Result<Value, u16> {
    loop {
        let heard = tokio::time::timeout(PATIENCE, socket.next()).await.expect("something comes");
        match heard {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
            Some(Ok(Message::Close(close))) => return Err(close.map_or(1005, |close| close.code.into())),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(1006),
        }
    }
}

/// Somebody's first frame, which is good.
async fn enter(socket: &mut WebSocketStream<TcpStream>, person: &Person) {
    let answer = try_enter(socket, person).await;
    assert_eq!(answer["ext"]["code"], Value::Null, "{answer}");
}

/// The answer to somebody's first frame.
async fn try_enter(socket: &mut WebSocketStream<TcpStream>, person: &Person) -> Value {
    let ticket = person.ticket().await.expect("a ticket");
    say(socket, &json!({ "action": "auth", "content": ticket }).to_string()).await;
    let answer = hear(socket).await.expect("an answer");
    assert_eq!((&answer["category"], &answer["action"]), (&json!("ack"), &json!("auth")), "{answer}");
    answer
}

/// A heartbeat with something in it that nobody asks for.
fn heartbeat(something: &str) -> String {
    format!(r#"{{"category":"heartbeat","ext":{{"x":{something}}}}}"#)
}

#[tokio::test]
async fn a_person_with_too_many_sockets_is_told_when_to_come_again() {
    let server = Server::start(Backend::Sqlite, &[("socket.per_person", "1")]).await;
    let (alice, bob) = (server.member(101), server.member(102));
    let mut first = open(&server).await;
    enter(&mut first, &alice).await;

    let mut second = open(&server).await;
    let refused = try_enter(&mut second, &alice).await;

    assert_eq!(refused["ext"]["code"], 429);
    let after = refused["ext"]["retry_after"].as_u64().expect("milliseconds");
    assert!((1..=100_000).contains(&after), "{after}");
    assert_eq!(hear(&mut second).await, Err(4429));
    let mut other = open(&server).await;
    enter(&mut other, &bob).await;
    say(&mut first, &heartbeat("1")).await;
    assert_eq!(hear(&mut first).await.expect("it stays")["category"], "heartbeat");
}

#[tokio::test]
async fn whoever_never_says_who_they_are_gives_their_place_back_in_time() {
    let server = Server::start(Backend::Sqlite, &[("socket.total", "2")]).await;
    let mut nobody = [open(&server).await, open(&server).await];

    knock(&server).await.refused(503);

    let since = Instant::now();
    for socket in &mut nobody {
        assert_eq!(hear(socket).await, Err(4408));
    }
    assert!((4..10).contains(&since.elapsed().as_secs()), "{:?}", since.elapsed());
    drop(nobody);
    let mut later = loop {
        let knocked = knock(&server).await;
        if knocked.status == 101 {
            break WebSocketStream::from_raw_socket(knocked.stream, Role::Client, None).await;
        }
        assert!(since.elapsed() < PATIENCE, "no place becomes free");
    };
    enter(&mut later, &server.member(101)).await;
}

#[tokio::test]
async fn a_frame_that_is_too_deep_is_refused_and_the_socket_stays() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let mut socket = open(&server).await;
    enter(&mut socket, &server.member(101)).await;
    let nested = |levels: usize| heartbeat(&format!("{}{}", "[".repeat(levels - 2), "]".repeat(levels - 2)));

    for (frame, code) in [
        (nested(32), None),
        (nested(33), Some(400)),
        (nested(5_000), Some(400)),
        (heartbeat(r#"{"a":1,"a":2}"#), Some(400)),
        (heartbeat("9223372036854775808"), Some(400)),
        (heartbeat("9223372036854775807"), None),
    ] {
        say(&mut socket, &frame).await;
        let answer = hear(&mut socket).await.expect("it stays");
        assert_eq!(answer["ext"]["code"].as_i64(), code, "{} … {answer}", &frame[..40]);
    }
}

#[tokio::test]
async fn a_frame_is_as_long_as_it_may_be_and_one_byte_more_is_the_end() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let mut socket = open(&server).await;
    enter(&mut socket, &server.member(101)).await;
    let padded = |length: usize| {
        let empty = heartbeat("\"\"").len();
        heartbeat(&format!("\"{}\"", "x".repeat(length - empty)))
    };
    assert_eq!((padded(LONGEST).len(), padded(LONGEST + 1).len()), (LONGEST, LONGEST + 1));

    say(&mut socket, &padded(LONGEST)).await;
    assert_eq!(hear(&mut socket).await.expect("it stays")["category"], "heartbeat");
    say(&mut socket, &padded(LONGEST + 1)).await;

    assert_eq!(hear(&mut socket).await, Err(1009));
}

#[tokio::test]
async fn half_a_frame_is_waited_for_ten_seconds() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let mut socket = open(&server).await;
    enter(&mut socket, &server.member(101)).await;
    let since = Instant::now();

    tokio::io::AsyncWriteExt::write_all(socket.get_mut(), &[0x81, 0x85, 0, 0, 0, 0, b'{']).await.expect("half a frame");

    assert!(hear(&mut socket).await.is_err());
    assert!((Duration::from_secs(9)..Duration::from_secs(20)).contains(&since.elapsed()), "{:?}", since.elapsed());
}
