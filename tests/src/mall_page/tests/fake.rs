//! A server of the mall's dialect with one conversation, in a hundred lines.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::Message;

#[derive(Clone)]
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    house: Arc<Mutex<House>>,
    says: broadcast::Sender<Say>,
}

#[derive(Default)]
struct House {
    messages: Vec<Value>,
    mute: bool,
}

#[derive(Clone, Debug)]
enum Say {
    Frame(String),
    Cut,
}

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (says, _) = broadcast::channel(1_000);
        let fake = Self { address: listener.local_addr().unwrap(), house: Arc::default(), says };
        let server = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(server.clone().serve(stream));
            }
        });
        fake
    }

    /// Stores a message and pushes it so many times.
    pub(super) fn say(&self, from: i64, content: &str, kind: i64, times: usize) -> i64 {
        let mut house = self.house.lock().unwrap();
        let n = house.messages.len() as i64 + 1;
        let message = json!({ "id": 1_000 + n, "conversationId": 9, "senderType": from, "contentType": kind,
            "content": content, "createTime": 1_795_287_600_000_i64 + n, "seq": n });
        house.messages.push(message.clone());
        let frame = json!({ "type": "kefu_message_type", "content": message.to_string() }).to_string();
        for _ in 0..times {
            // Nobody may be listening.
            let _ = self.says.send(Say::Frame(frame.clone()));
        }
        1_000 + n
    }

    /// Answers no ping, or does again.
    pub(super) fn mute(&self, mute: bool) {
        self.house.lock().unwrap().mute = mute;
    }

    pub(super) fn cut(&self) {
        self.says.send(Say::Cut).unwrap();
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = [0; 16];
        if stream.peek(&mut head).await.is_ok() && head.starts_with(b"GET /infra/ws") {
            return self.socket(stream).await;
        }
        while let Some((line, body)) = read_request(&mut stream).await {
            let data = self.answer(&line, &body).to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{data}",
                data.len()
            );
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, line: &str, body: &Value) -> Value {
        let data = if line.contains("/send") {
            let from = if line.contains("/admin-api") { 2 } else { 1 };
            let kind = body["contentType"].as_i64().unwrap();
            self.say(from, body["content"].as_str().unwrap(), kind, 1).into()
        } else if line.contains("/kefu-message/list") {
            let house = self.house.lock().unwrap();
            let newest = house.messages.iter().rev().filter(|_| !line.contains("createTime"));
            newest.take(20).cloned().collect()
        } else if line.contains("/get") {
            json!({ "id": 9, "adminUnreadMessageCount": 1 })
        } else {
            json!([])
        };
        json!({ "code": 0, "msg": "", "data": data })
    }

    async fn socket(self, stream: TcpStream) {
        let mut says = self.says.subscribe();
        let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
        loop {
            tokio::select! {
                Ok(say) = says.recv() => match say {
                    Say::Frame(frame) => socket.send(Message::text(frame)).await.unwrap_or_default(),
                    Say::Cut => return,
                },
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) if text == "ping" => {
                        let mute = self.house.lock().unwrap().mute;
                        if !mute && socket.send(Message::text("pong")).await.is_err() { return }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Value)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    while bytes.len() < end + 4 + length.unwrap_or(0) {
        stream.read_buf(&mut bytes).await.ok()?;
    }
    let body = serde_json::from_slice(&bytes[end + 4..]).unwrap_or_default();
    Some((head.lines().next()?.to_owned(), body))
}
