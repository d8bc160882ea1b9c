//! A caller that costs little: prepared bytes out, and of what comes in only the length and the code.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kefu_tests::Dice;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Twenty Chinese characters, 60 bytes.
const TEXT: &str = "你好我想问一下这件衣服什么时候可以发货呢谢";
/// The length of a key in a request.
const KEY: usize = 16;

/// The bytes of one member's sending, but for the key.
pub(crate) struct Request {
    bytes: Vec<u8>,
    key_at: usize,
}

impl Request {
    pub(crate) fn new(server: SocketAddr, token: &str) -> Self {
        let text: String = TEXT.chars().take(20).collect();
        let zeros = "0".repeat(KEY);
        let body = format!(r#"{{"contentType":1,"content":"{{\"text\":\"{text}\"}}","clientMsgId":"{zeros}"}}"#);
        let length = body.len();
        let bytes = format!(
            "POST /app-api/promotion/kefu-message/send HTTP/1.1\r\nhost: {server}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let bytes = bytes.into_bytes();
        let key_at = bytes.len() - KEY - 2;
        Self { bytes, key_at }
    }

    fn write(&self, key: u64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.bytes);
        for (place, byte) in out[self.key_at..self.key_at + KEY].iter_mut().enumerate() {
            let shift = 4 * (KEY - 1 - place);
            *byte = b"0123456789abcdef"[usize::try_from((key >> shift) & 15).expect("below 16")];
        }
    }
}

/// When is measured.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    pub(crate) begin: Instant,
    pub(crate) end: Instant,
}

impl Stretch {
    pub(crate) fn new(warm_up: Duration, measured: Duration) -> Self {
        let begin = Instant::now() + warm_up;
        Self { begin, end: begin + measured }
    }

    pub(crate) fn length(&self) -> Duration {
        self.end - self.begin
    }
}

/// What one caller has done.
#[derive(Default)]
pub(crate) struct Report {
    /// All answers, also those outside the measured stretch.
    pub(crate) acknowledged: i64,
    /// How long each took, in microseconds, of those answered within the stretch.
    pub(crate) took: Vec<u32>,
}

/// Sends for one member after the other, chosen by the dice, until the stretch is over.
pub(crate) async fn call(
    server: SocketAddr,
    requests: Arc<Vec<Request>>,
    mut dice: Dice,
    keys_from: u64,
    stretch: Stretch,
) -> Report {
    let mut line = Line::open(server).await;
    let mut report = Report::default();
    let members = u64::try_from(requests.len()).expect("a small number");
    for key in keys_from.. {
        let started = Instant::now();
        if started >= stretch.end {
            break;
        }
        let member = usize::try_from(dice.below(members)).expect("a small number");
        line.send(&requests[member], key).await;
        let answered = Instant::now();
        report.acknowledged += 1;
        if (stretch.begin..stretch.end).contains(&answered) {
            report.took.push(u32::try_from((answered - started).as_micros()).expect("less than an hour"));
        }
    }
    report
}

/// Sends once for each member.
pub(crate) async fn send_each(server: SocketAddr, requests: &[Request], keys_from: u64) {
    let mut line = Line::open(server).await;
    for (request, key) in requests.iter().zip(keys_from..) {
        line.send(request, key).await;
    }
}

/// A connection that is kept.
struct Line {
    stream: TcpStream,
    out: Vec<u8>,
    heard: Vec<u8>,
}

impl Line {
    async fn open(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("the server accepts");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, out: Vec::with_capacity(2_048), heard: Vec::with_capacity(2_048) }
    }

    /// One request and its answer, which must be a success.
    async fn send(&mut self, request: &Request, key: u64) {
        request.write(key, &mut self.out);
        self.stream.write_all(&self.out).await.expect("the server reads");
        self.heard.clear();
        let body = loop {
            let read = self.stream.read_buf(&mut self.heard).await.expect("the server answers");
            assert!(read > 0, "the server hung up");
            if let Some(body) = body(&self.heard) {
                break body;
            }
        };
        assert!(body.starts_with(br#"{"code":0,"#), "not a success: {}", String::from_utf8_lossy(body));
    }
}

/// The body, once all of it is there.
fn body(heard: &[u8]) -> Option<&[u8]> {
    let head = heard.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let name = b"content-length: ";
    let at = heard[..head].windows(name.len()).position(|bytes| bytes.eq_ignore_ascii_case(name))? + name.len();
    let digits = heard[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    heard.get(head + 4..head + 4 + length)
}
