//! A handshake by hand, from any address of this machine and with any header.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use kefu_tests::{PATIENCE, Person, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// All of 127.0.0.0/8 is this machine.
pub(crate) const HERE: &str = "127.0.0.1";

/// Somebody before the door.
#[derive(Clone)]
pub(crate) struct Knock {
    server: SocketAddr,
    from: IpAddr,
    path: String,
    lines: Vec<String>,
}

/// What came of it.
pub(crate) struct Knocked {
    pub(crate) status: u16,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
    pub(crate) took: Duration,
    /// The connection; of one that was refused, useless.
    pub(crate) stream: TcpStream,
}

impl Knock {
    /// With a person's token, as the mall's pages have it.
    pub(crate) fn of(server: &Server, person: &Person) -> Self {
        let path = format!("/infra/ws?token={}", person.token);
        Self { server: server.address(), from: HERE.parse().unwrap(), path, lines: Vec::new() }
    }

    /// From this address.
    pub(crate) fn from(self, address: &str) -> Self {
        Self { from: address.parse().unwrap(), ..self }
    }

    /// With one more line in the header.
    pub(crate) fn with(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// By way of a proxy that says this of the client.
    pub(crate) fn by_way_of(self, proxy: &str, forwarded_for: &str) -> Self {
        self.from(proxy).with(&format!("X-Forwarded-For: {forwarded_for}"))
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self) -> Knocked {
        let since = Instant::now();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(self.from, 0)).unwrap();
        let mut stream = socket.connect(self.server).await.unwrap();
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            self.path, self.server
        );
        self.lines.iter().for_each(|line| request.extend([line, "\r\n"]));
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = tokio::time::timeout(PATIENCE, head_of(&mut stream)).await.expect("an answer");
        let retry_after = head.lines().find_map(|line| line.strip_prefix("retry-after: ")?.trim().parse().ok());
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Knocked { status, retry_after, took: since.elapsed(), stream }
    }

    /// Asks again and again until the door opens.
    pub(crate) async fn until_open(&self) -> Knocked {
        let patience = Instant::now() + PATIENCE;
        loop {
            let knocked = self.ask().await;
            if knocked.status == 101 {
                return knocked;
            }
            assert!(Instant::now() < patience, "no place becomes free: {}", knocked.status);
        }
    }
}

/// The head of an answer, in lower case.
async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a head with an end"));
    }
    String::from_utf8_lossy(&head).to_ascii_lowercase()
}

impl Knocked {
    #[track_caller]
    pub(crate) fn opened(self) -> TcpStream {
        assert_eq!(self.status, 101, "it was to open");
        self.stream
    }

    /// Refused with this status, and told when to come again.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16) -> u64 {
        assert_eq!(self.status, status, "it was to stay shut");
        self.retry_after.expect("a time to come again")
    }
}

/// A frame as clients send it, its mask being nothing.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126).expect("a short one");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Reads until the other side has ended the connection; `None` when it does not in time.
pub(crate) async fn end_of(stream: &mut TcpStream, within: Duration) -> Option<Duration> {
    let since = Instant::now();
    let read = async {
        let mut bytes = [0; 1_024];
        while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
    };
    tokio::time::timeout(within, read).await.ok().map(|()| since.elapsed())
}

/// Whether a socket still lives: it answers a ping of the mall's.
pub(crate) async fn is_alive(stream: &mut TcpStream) -> bool {
    let heard = async {
        stream.write_all(&frame(0x81, b"ping")).await.ok()?;
        let mut all = Vec::new();
        while !all.windows(4).any(|bytes| bytes == b"pong") {
            all.push(stream.read_u8().await.ok()?);
        }
        Some(())
    };
    tokio::time::timeout(PATIENCE, heard).await.is_ok_and(|heard| heard.is_some())
}
