//! A connection that costs little: prepared bytes out, and of what comes in only the length and the code.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept.
pub(crate) struct Line {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Line {
    pub(crate) async fn open(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("the server accepts");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, heard: Vec::with_capacity(1 << 20) }
    }

    /// One request and its answer's body, which must be a success.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.expect("the server reads");
        self.heard.clear();
        let (begin, end) = loop {
            self.hear().await;
            if let Some(bounds) = body(&self.heard) {
                break bounds;
            }
        };
        while self.heard.len() < end {
            self.hear().await;
        }
        let body = &self.heard[begin..end];
        assert!(body.starts_with(br#"{"code":0,"#), "not a success: {}", String::from_utf8_lossy(body));
        body
    }

    async fn hear(&mut self) {
        let read = self.stream.read_buf(&mut self.heard).await.expect("the server answers");
        assert!(read > 0, "the server hung up");
    }
}

/// Where the body begins and will end, once the head is there.
fn body(heard: &[u8]) -> Option<(usize, usize)> {
    let head = heard.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let name = b"content-length: ";
    let at = heard[..head].windows(name.len()).position(|bytes| bytes.eq_ignore_ascii_case(name));
    let digits = &heard[at.expect("an answer says how long it is") + name.len()..];
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    Some((head + 4, head + 4 + length))
}
