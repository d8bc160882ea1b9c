//! A client of `kefu.v2` that costs little, for thousands of them in one program: it keeps its numbers and no text.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::Cursor;

/// An open socket of whoever showed a token.
pub struct Lean {
    socket: WebSocketStream<TcpStream>,
}

/// What the server has said.
#[derive(Debug)]
pub enum Told {
    /// A frame.
    Frame(Value),
    /// Nothing more: it was closed, or cut.
    Over,
}

impl Lean {
    /// Connects, shows the token and asks for what is new since the cursors.
    pub async fn come(
        server: SocketAddr,
        token: &str,
        resume: Option<&[Cursor]>,
        epoch: Option<&str>,
    ) -> Result<Self, Error> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{server}/infra/ws").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("kefu.v2"));
        // The default would take 128 KiB for each of them.
        let config = WebSocketConfig::default().read_buffer_size(2_048).write_buffer_size(0);
        let (socket, _) = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
        let mut lean = Self { socket };
        let mut ext = json!({});
        if let Some(epoch) = epoch {
            ext["epoch"] = epoch.into();
        }
        if let Some(resume) = resume {
            ext["resume"] = resume.iter().map(|cursor| cursor.to_json()).collect();
        }
        lean.say(&json!({ "action": "auth", "content": token, "ext": ext })).await?;
        Ok(lean)
    }

    /// Says something.
    pub async fn say(&mut self, frame: &Value) -> Result<(), Error> {
        self.socket.send(Message::text(frame.to_string())).await
    }

    /// What comes next.
    pub async fn next(&mut self) -> Told {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Told::Frame(serde_json::from_str(&text).expect("a frame is JSON"));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Told::Over,
                Some(Ok(_)) => {}
            }
        }
    }
}
