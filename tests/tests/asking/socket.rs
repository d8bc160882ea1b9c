//! The mall's socket, frame by frame: what a browser would send, and what it never would.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kefu_tests::take_off;
use serde_json::Value;

use super::http::{Answer, Ask, encoded};
use super::wire::{PATIENCE, Wire};

/// The key of RFC 6455's own example.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A handshake as a browser makes it.
pub(crate) fn handshake(token: &str) -> Ask {
    handshake_at(&format!("/infra/ws?token={}", encoded(token)))
}

fn handshake_at(address: &str) -> Ask {
    Ask::get(address)
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", KEY)
}

/// One frame that the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Pong(Vec<u8>),
    /// The connection is over, with a close frame or without.
    End,
    /// Nothing, for as long as anybody would wait.
    Nothing,
}

/// A frame of the mall, unwrapped.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: String,
    pub(crate) content: Value,
}

impl Frame {
    pub(crate) fn seq(&self) -> Option<i64> {
        self.content["seq"].as_i64()
    }

    /// Whether it shows this message.
    pub(crate) fn shows(&self, conversation: i64, seq: i64) -> bool {
        self.kind == "kefu_message_type"
            && self.seq() == Some(seq)
            && super::id(&self.content["conversationId"]) == conversation
    }
}

/// An open socket.
pub(crate) struct Socket {
    wire: Wire,
}

impl Socket {
    #[track_caller]
    pub(crate) fn open(addr: SocketAddr, token: &str) -> Self {
        Self::try_open(addr, token).unwrap_or_else(|answer| panic!("no upgrade: {answer:?}"))
    }

    pub(crate) fn try_open(addr: SocketAddr, token: &str) -> Result<Self, Answer> {
        Self::shake_hands(addr, &handshake(token))
    }

    /// A socket at a member's shop.
    pub(crate) fn try_open_at(addr: SocketAddr, token: &str, shop: impl std::fmt::Display) -> Result<Self, Answer> {
        Self::shake_hands(addr, &handshake_at(&format!("/infra/ws?shopId={shop}&token={}", encoded(token))))
    }

    fn shake_hands(addr: SocketAddr, handshake: &Ask) -> Result<Self, Answer> {
        let mut wire = Wire::open(addr);
        wire.write(&handshake.bytes(addr));
        let answer = wire.answer().expect("an answer to the handshake");
        if answer.status == 101 { Ok(Self { wire }) } else { Err(answer) }
    }

    /// Writes bytes as they are; an error says that the server has gone.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.wire.try_write(bytes)
    }

    #[track_caller]
    pub(crate) fn say(&mut self, text: &str) {
        self.write(&frame(0x81, text.as_bytes())).expect("the server reads");
    }

    /// Hears the next text, pong or end.
    pub(crate) fn hear(&mut self) -> Heard {
        match self.next() {
            Some(heard) => heard,
            None if self.wire.is_silent() => Heard::Nothing,
            None => Heard::End,
        }
    }

    fn next(&mut self) -> Option<Heard> {
        loop {
            let head = self.wire.exactly(2)?;
            let length = match head[1] & 0x7f {
                126 => {
                    self.wire.exactly(2).map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
                }
                127 => {
                    self.wire.exactly(8).map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
                }
                short => Some(usize::from(short)),
            };
            let payload = self.wire.exactly(length?)?;
            match head[0] {
                0x81 => {
                    let text = String::from_utf8(take_off(&payload).into_owned()).expect("text frames are UTF-8");
                    return Some(Heard::Text(text));
                }
                0x8a => return Some(Heard::Pong(payload)),
                0x89 => {}
                0x88 => return Some(Heard::End),
                other => panic!("the server sent a frame that begins with {other:#04x}"),
            }
        }
    }

    /// Says `ping` and collects the mall's frames that come before `pong`: everything that was announced before.
    #[track_caller]
    pub(crate) fn frames(&mut self) -> Vec<Frame> {
        self.say("ping");
        let mut frames = Vec::new();
        loop {
            match self.hear() {
                Heard::Text(text) if text == "pong" => return frames,
                Heard::Text(text) => frames.push(unwrap(&text)),
                other => panic!("{other:?} where pong was awaited"),
            }
        }
    }

    /// Waits until so many frames of the mall have come, pinging as the pages do; panics after [`PATIENCE`].
    #[track_caller]
    pub(crate) fn expect(&mut self, count: usize) -> Vec<Frame> {
        let deadline = Instant::now() + PATIENCE;
        let mut frames = Vec::new();
        while frames.len() < count {
            assert!(Instant::now() < deadline, "{} of {count} frames came", frames.len());
            frames.extend(self.frames());
        }
        assert_eq!(frames.len(), count, "more frames than there should be: {frames:?}");
        frames
    }

    /// The frames up to the one that shows this number of a conversation, and that one.
    #[track_caller]
    pub(crate) fn until(&mut self, conversation: i64, seq: i64) -> Vec<Frame> {
        let deadline = Instant::now() + PATIENCE;
        let mut frames: Vec<Frame> = Vec::new();
        self.say("ping");
        while !frames.last().is_some_and(|frame| frame.shows(conversation, seq)) {
            assert!(Instant::now() < deadline, "number {seq} did not come");
            match self.hear() {
                Heard::Text(text) if text == "pong" => {}
                Heard::Text(text) => {
                    frames.push(unwrap(&text));
                    // As the pages do: whoever falls silent is given only the newest.
                    self.say("ping");
                }
                other => panic!("{other:?} where number {seq} was awaited"),
            }
        }
        frames
    }

    /// There is nothing to hear. A `pong` may overtake what waits, but not three times.
    #[track_caller]
    pub(crate) fn assert_silent(&mut self) {
        for _ in 0..3 {
            let frames = self.frames();
            assert!(frames.is_empty(), "heard {frames:?}");
        }
    }

    /// Whether the server lets this socket go within a time; frames that come before are passed over.
    pub(crate) fn ends_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            self.wire.stream().set_read_timeout(Some(left)).expect("a timeout");
            match self.hear() {
                Heard::End => return true,
                Heard::Nothing => return false,
                Heard::Text(_) | Heard::Pong(_) => {}
            }
        }
    }

    pub(crate) fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

#[track_caller]
fn unwrap(text: &str) -> Frame {
    let outer: Value = serde_json::from_str(text).expect("a frame is JSON");
    let content = outer["content"].as_str().expect("its content is JSON as text");
    Frame {
        kind: outer["type"].as_str().expect("it has a type").to_owned(),
        content: serde_json::from_str(content).expect("the content is JSON"),
    }
}

/// A frame with this first byte, masked, its length written as short as can be.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | u8::try_from(short).expect("short")),
        long @ 126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(long).expect("long").to_be_bytes());
        }
        huge => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(huge as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&masked(payload));
    bytes
}

/// A mask and the payload under it.
pub(crate) fn masked(payload: &[u8]) -> Vec<u8> {
    let mask = [0x11, 0x22, 0x33, 0x44];
    let hidden = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    mask.into_iter().chain(hidden).collect()
}
