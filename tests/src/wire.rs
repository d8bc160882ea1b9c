//! Opening a WebSocket, under the eyes of the watch.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::canary::{Leak, Visitor, Watch};

/// The server did not open a socket.
#[derive(Debug)]
pub struct Refused {
    /// The status it answered, if it answered.
    pub status: Option<u16>,
}

/// Who hears, and who looks at what they hear; nobody looks where no watch stands.
#[derive(Clone)]
pub(crate) struct Sight(Option<(Arc<Watch>, Visitor)>);

impl Sight {
    /// Of whoever shows that token there, at a member's shop.
    pub(crate) fn at(server: SocketAddr, token: &str, shop: i64) -> Self {
        Self(Watch::at(server).map(|watch| {
            let visitor = watch.visitor(Some(token)).at(shop);
            (watch, visitor)
        }))
    }

    /// Looks at what came.
    pub(crate) fn see(&self, place: &str, bytes: &[u8]) -> Result<(), Leak> {
        match &self.0 {
            Some((watch, visitor)) => watch.see(std::slice::from_ref(visitor), place, bytes),
            None => Ok(()),
        }
    }

    /// Looks at what came, and panics where it does not belong.
    fn must_see(&self, place: &str, bytes: &[u8]) {
        if let Err(leak) = self.see(place, bytes) {
            panic!("{leak}");
        }
    }

    /// Puts the rings on what goes up.
    pub(crate) fn ring(&self, frame: &str) -> String {
        match &self.0 {
            Some((watch, visitor)) => match watch.ring_sent(visitor, "/infra/ws", frame.as_bytes()) {
                Cow::Borrowed(_) => frame.to_owned(),
                Cow::Owned(ringed) => String::from_utf8_lossy(&ringed).into_owned(),
            },
            None => frame.to_owned(),
        }
    }
}

/// What is asked of a server that is to open a socket.
pub(crate) struct Handshake<'a> {
    /// Where.
    pub(crate) server: SocketAddr,
    /// The path with its query.
    pub(crate) path: &'a str,
    /// The sub-protocol; the server has to name it in its answer.
    pub(crate) protocol: Option<&'static str>,
    /// How much the kernel takes in for a client that does not read, in bytes.
    pub(crate) receive_buffer: Option<u32>,
}

impl Handshake<'_> {
    /// Connects and asks for the upgrade.
    pub(crate) async fn open(&self, sight: &Sight) -> Result<WebSocketStream<TcpStream>, Refused> {
        let cut = |_| Refused { status: None };
        let socket = TcpSocket::new_v4().map_err(cut)?;
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes).map_err(cut)?;
        }
        let stream = socket.connect(self.server).await.map_err(cut)?;
        stream.set_nodelay(true).map_err(cut)?;
        let mut config = WebSocketConfig::default();
        // The library's own buffer is 128 KiB for every connection, and hides that nobody reads.
        config.read_buffer_size = 4 * 1_024;
        let address = format!("ws://{}{}", self.server, self.path);
        let mut request = address.into_client_request().expect("an address");
        if let Some(protocol) = self.protocol {
            request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
        }
        match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
            Ok((stream, response)) => {
                sight.must_see("a handshake", format!("{:?}", response.headers()).as_bytes());
                Ok(stream)
            }
            Err(Error::Http(response)) => {
                sight.must_see("a handshake", format!("{:?}", response.headers()).as_bytes());
                sight.must_see("a handshake", response.body().as_deref().unwrap_or_default());
                Err(Refused { status: Some(response.status().as_u16()) })
            }
            Err(_) => Err(Refused { status: None }),
        }
    }
}

/// The text of a message with the rings off, looked at before.
pub(crate) fn read(sight: &Sight, message: &Message) -> Result<Option<String>, Leak> {
    sight.see("a frame", &message.clone().into_data())?;
    Ok(match message {
        Message::Text(text) => Some(String::from_utf8_lossy(&crate::canary::take_off(text.as_bytes())).into_owned()),
        _ => None,
    })
}
