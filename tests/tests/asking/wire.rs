//! A connection, and what comes over it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

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
}

impl Wire {
    #[track_caller]
    pub(crate) fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&addr, PATIENCE).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, heard: Vec::new(), silent: false }
    }

    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
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
        Some(Answer { body, ..answer })
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
                true
            }
        }
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

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
