//! A connection, and what comes over it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use kefu_tests::{Visitor, Watch, take_off};

use super::http::Answer;

/// Nothing that is asked here takes longer; what does is a failed test and not a hanging one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A connection on which anything may be written.
pub(crate) struct Wire {
    stream: TcpStream,
    /// Read, and not yet taken.
    heard: Vec<u8>,
    /// Whether the other side was waited for in vain, and has not ended the connection.
    silent: bool,
    watch: Option<Arc<Watch>>,
    /// Those whose tokens were shown on this connection.
    visitors: Vec<Visitor>,
    /// The end of what was said, and of what was heard: a word may come in pieces.
    said: Vec<u8>,
    seen: Vec<u8>,
}

/// Longer than any header that a server reads, so that a token in it is found wherever it stands.
const PIECE: usize = 128 * 1_024;

/// Longer than a token with what says that it is one.
const TOKEN: usize = 2 * 1_024;

/// No token is shorter, in bytes.
const SHORTEST: usize = 20;

/// Longer than a ring.
const END: usize = 256;

impl Wire {
    #[track_caller]
    pub(crate) fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        let watch = Watch::at(addr);
        let (heard, said, seen) = (Vec::new(), Vec::new(), Vec::new());
        Self { stream, heard, silent: false, watch, visitors: Vec::new(), said, seen }
    }

    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if let Some(watch) = &self.watch {
            self.said.extend_from_slice(&bytes[..bytes.len().min(PIECE)]);
            for visitor in visitors_in(watch, &self.said) {
                if !self.visitors.contains(&visitor) {
                    self.visitors.push(visitor);
                }
            }
            self.said.drain(..self.said.len().saturating_sub(TOKEN));
        }
        self.stream.write_all(bytes)
    }

    #[track_caller]
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.try_write(bytes).expect("the server reads");
    }

    /// No more will be written.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The next answer; `None` when the connection ended without one.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let head = loop {
            if let Some(end) = find(&self.heard, b"\r\n\r\n") {
                break self.take(end + 4);
            }
            if !self.listen() {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let answer = Answer { status, headers, body: Vec::new() };
        let body = match (status, answer.header("transfer-encoding"), answer.header("content-length")) {
            (100..=199 | 204 | 304, _, _) => Vec::new(),
            (_, Some("chunked"), _) => self.chunks()?,
            (_, _, Some(length)) => self.exactly(length.parse().ok()?)?,
            _ => {
                while self.listen() {}
                std::mem::take(&mut self.heard)
            }
        };
        Some(Answer { body: take_off(&body).into_owned(), ..answer })
    }

    /// Exactly so many bytes; `None` when the connection ends before.
    pub(crate) fn exactly(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.heard.len() < count {
            if !self.listen() {
                return None;
            }
        }
        Some(self.take(count))
    }

    /// Whether the last wait ended with nothing said: the connection is still there.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        self.heard.drain(..count).collect()
    }

    /// Hears something; `false` at the end, and after [`PATIENCE`].
    fn listen(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        self.silent = false;
        match self.stream.read(&mut buffer) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                self.silent = true;
                false
            }
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.heard.extend_from_slice(&buffer[..count]);
                self.look(&buffer[..count]);
                true
            }
        }
    }

    /// Looks at what was heard as it came.
    fn look(&mut self, bytes: &[u8]) {
        let Some(watch) = &self.watch else { return };
        self.seen.extend_from_slice(bytes);
        watch.must_see(&self.visitors, "what came over a connection", &self.seen);
        self.seen.drain(..self.seen.len().saturating_sub(END));
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match find(&self.heard, b"\r\n") {
                    Some(end) => break end,
                    None if self.listen() => {}
                    None => return None,
                }
            };
            let line = self.take(end + 2);
            let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
            let chunk = self.exactly(size + 2)?;
            if size == 0 {
                return Some(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
}

/// Those who show a token in these requests, each at the shop that is named beside it. However strangely it is shown:
/// a known token is known by itself, and one that is not by where it stands.
pub(crate) fn visitors_in(watch: &Watch, bytes: &[u8]) -> Vec<Visitor> {
    let said = String::from_utf8_lossy(bytes);
    let (mut visitors, mut shop) = (Vec::new(), 0);
    for line in said.lines() {
        if let Some((target, _)) = line.rsplit_once(" HTTP/1.") {
            let (_, query) = target.split_once('?').unwrap_or_default();
            let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            shop = parameter("shopId").and_then(|shop| shop.parse().ok()).unwrap_or(0);
            visitors.extend(parameter("token").map(|token| watch.visitor(Some(token)).at(shop)));
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            let token = value.trim().rsplit(' ').next().unwrap_or_default();
            visitors.push(watch.visitor(Some(token)).at(shop));
        }
        let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c));
        let long = words.filter(|word| word.len() >= SHORTEST);
        visitors.extend(long.filter_map(|word| watch.known(word)).map(|known| known.at(shop)));
    }
    visitors
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
