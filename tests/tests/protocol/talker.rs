//! Somebody who says whatever a test wants over a socket, and keeps all that is answered.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use kefu_tests::{Cursor, PATIENCE, Person, Side};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

pub(crate) struct Talker {
    socket: WebSocketStream<TcpStream>,
    pub(crate) side: Side,
    pub(crate) frames: Vec<Value>,
}

impl Talker {
    /// Comes in, and waits for the greeting.
    pub(crate) async fn come(server: SocketAddr, person: &Person, resume: Option<&[Cursor]>) -> Self {
        let mut first = json!({ "action": "auth", "content": person.token, "ext": {} });
        if let Some(cursors) = resume {
            first["ext"]["resume"] = cursors.iter().map(|cursor| cursor.to_json()).collect();
        }
        let mut talker = Self::come_saying(server, person.side, &first).await;
        talker.until("the greeting", |frame| frame["action"] == "auth").await;
        talker
    }

    /// Comes with that first frame.
    pub(crate) async fn come_saying(server: SocketAddr, side: Side, first: &Value) -> Self {
        let mut request = format!("ws://{server}/infra/ws").into_client_request().expect("an address");
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("kefu.v2"));
        let stream = TcpStream::connect(server).await.expect("the server is there");
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a socket");
        let mut talker = Self { socket, side, frames: Vec::new() };
        talker.say(first).await;
        talker
    }

    pub(crate) async fn say(&mut self, frame: &Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the server listens");
    }

    /// Reads until such a frame has come, and says which it was.
    pub(crate) async fn until(&mut self, what: &str, mut holds: impl FnMut(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match tokio::time::timeout_at(deadline, self.socket.next()).await {
                Ok(Some(Ok(Message::Text(frame)))) => {
                    let frame: Value = serde_json::from_str(&frame).expect("a frame is JSON");
                    self.frames.push(frame.clone());
                    if holds(&frame) {
                        return frame;
                    }
                }
                Ok(Some(Ok(message))) if !message.is_close() => {}
                Ok(_) => panic!("the socket ended before {what} came: {:?}", self.frames.last()),
                Err(_) => panic!("in vain waited for {what}: {:?}", self.frames.last()),
            }
        }
    }

    /// Says a frame and waits for its answer.
    pub(crate) async fn ask(&mut self, frame: &Value) -> Value {
        self.say(frame).await;
        let (action, key) = (frame["action"].clone(), frame["ext"]["client_msg_id"].clone());
        let answers = |heard: &Value| {
            let of_it = heard["action"] == action && heard["ext"]["client_msg_id"] == key;
            heard["category"] == "ack" && (of_it || heard["action"].is_null())
        };
        self.until(&format!("the answer to {frame}"), answers).await
    }

    /// Says a text; the answer.
    pub(crate) async fn send(&mut self, conversation: Option<i64>, key: &str) -> Value {
        let mut frame = json!({ "action": "send", "style": "normal", "kind": "text", "content": "hi",
            "ext": { "client_msg_id": key } });
        if let Some(conversation) = conversation {
            frame["ext"]["conversation"] = conversation.into();
        }
        self.ask(&frame).await
    }

    /// Waits until everything that was said before has been dealt with: nothing of it was refused.
    pub(crate) async fn must_be_understood(&mut self, frame: &Value) {
        let before = self.frames.len();
        self.say(frame).await;
        self.say(&json!({ "category": "heartbeat" })).await;
        self.until("a heartbeat", |heard| heard["category"] == "heartbeat").await;
        let refused = self.frames[before..].iter().find(|heard| !heard["ext"]["code"].is_null());
        assert_eq!(refused, None, "{frame} was refused");
    }
}

/// Longer than the server waits between two signs that somebody is writing.
pub(crate) const BETWEEN_TYPINGS: Duration = Duration::from_millis(2_050);
