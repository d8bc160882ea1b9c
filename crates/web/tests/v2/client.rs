//! A client that says exactly what it is told to, and shows everything that it hears.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::house::House;

/// Nothing takes longer that comes at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    /// Opens a socket, and says nothing.
    pub(crate) async fn open(house: &House) -> Self {
        Self::dial(house).await.unwrap()
    }

    /// The same, where it may be refused.
    pub(crate) async fn dial(house: &House) -> Result<Self, Error> {
        let mut request = format!("ws://{}/infra/ws", house.address).into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("kefu.v2"));
        let stream = TcpStream::connect(house.address).await?;
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await?;
        assert_eq!(response.headers()["sec-websocket-protocol"], "kefu.v2");
        Ok(Self { socket })
    }

    /// Opens a socket as somebody.
    pub(crate) async fn enter(house: &House, who: &str) -> Self {
        Self::enter_with(house, who, json!({})).await.0
    }

    /// The same with an `ext`; also returns the answer.
    pub(crate) async fn enter_with(house: &House, who: &str, ext: Value) -> (Self, Value) {
        let mut client = Self::open(house).await;
        client.say(json!({"action": "auth", "content": who, "ext": ext})).await;
        let welcome = client.hear().await;
        assert_eq!(welcome["ext"]["code"], Value::Null, "{welcome}");
        (client, welcome)
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.send(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next frame.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match self.next().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame of this category and action; all that come before it are passed over.
    pub(crate) async fn hear_of(&mut self, category: &str, action: &str) -> Value {
        loop {
            let frame = self.hear().await;
            if frame["category"] == category && frame["action"].as_str().unwrap_or_default() == action {
                return frame;
            }
        }
    }

    /// The code with which the server closes; all frames before are passed over.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.next().await {
                return frame.map_or(1005, |frame| frame.code.into());
            }
        }
    }

    /// That whatever was said until now was heard, and nothing came of it but what is returned.
    pub(crate) async fn settle(&mut self) -> Vec<Value> {
        self.say(json!({"category": "heartbeat"})).await;
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await;
            if frame["category"] == "heartbeat" {
                return heard;
            }
            heard.push(frame);
        }
    }

    pub(crate) async fn next(&mut self) -> Message {
        timeout(PATIENCE, self.socket.next()).await.expect("nothing came").expect("the socket ended").unwrap()
    }
}

/// A message to be said.
pub(crate) fn text(key: &str, content: &str) -> Value {
    json!({
        "action": "send", "style": "normal", "kind": "text", "content": content, "ext": {"client_msg_id": key},
    })
}

/// Asks over HTTP, as somebody, on a connection of its own.
pub(crate) async fn ask(house: &House, who: &str, request: &str) -> Value {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head =
        format!("{request} HTTP/1.1\r\nhost: x\r\nx-who: {who}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}
