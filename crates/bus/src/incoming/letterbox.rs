//! What has come and was not looked at yet: a box with an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::{PushInfo, PushKind, Value};
use tokio::sync::mpsc;

use crate::channels::{Channel, Channels};
use crate::meter;
use crate::pulse::Pulse;

/// What may wait to be looked at: letters, and bytes of what they say.
pub(super) const LETTERS: usize = 8_192;
pub(super) const BYTES: usize = 16 << 20;
/// Nobody of ours writes longer letters than a snapshot of people.
const LONGEST: usize = 1 << 20;
/// Into so many parts the box is divided.
const PARTS: usize = 8;

/// Something that came.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) channel: Channel,
    pub(crate) bytes: Vec<u8>,
}

/// Where letters are put in, by whoever reads from Redis.
pub(crate) struct Slot {
    channels: Arc<Channels>,
    pulse: Arc<Pulse>,
    letters: mpsc::Sender<Letter>,
    bytes: Arc<AtomicUsize>,
}

/// Where they are taken out.
pub(crate) struct Letterbox {
    letters: mpsc::Receiver<Letter>,
    bytes: Arc<AtomicUsize>,
}

pub(crate) fn letterbox(channels: Arc<Channels>, pulse: Arc<Pulse>) -> (Slot, Letterbox) {
    let (put, take) = mpsc::channel(LETTERS);
    let bytes = Arc::new(AtomicUsize::new(0));
    (Slot { channels, pulse, letters: put, bytes: bytes.clone() }, Letterbox { letters: take, bytes })
}

/// How many parts of the box are open to whom: a flood of a mall's Java nodes leaves room for our hints, and a flood of
/// hints leaves room for who is there, or it would look like the end of the nodes that it comes from.
const fn parts(channel: Channel) -> usize {
    match channel {
        Channel::Mall => PARTS / 2,
        Channel::Hints => PARTS - 1,
        Channel::Presence => PARTS,
    }
}

impl Slot {
    /// Takes in what Redis says by itself. Never waits, since Redis' answers wait behind it; what finds no room is
    /// missed.
    pub(crate) fn take_in(&self, push: PushInfo) {
        // Whoever has stopped looking has missed it by themselves.
        if push.kind != PushKind::Message || self.letters.is_closed() {
            return;
        }
        let Some(letter) = self.letter(push.data) else { return meter::received("bad") };
        let channel = letter.channel;
        let size = letter.bytes.len();
        // Nobody else puts letters in, so there is no less room a moment later.
        let (letters, bytes) = (LETTERS - self.letters.capacity(), self.bytes.load(Ordering::Acquire));
        let fits = letters * PARTS < LETTERS * parts(channel) && (bytes + size) * PARTS <= BYTES * parts(channel);
        self.bytes.fetch_add(size, Ordering::AcqRel);
        if !fits || self.letters.try_send(letter).is_err() {
            self.bytes.fetch_sub(size, Ordering::AcqRel);
            self.pulse.missed(channel);
        }
    }

    fn letter(&self, said: Vec<Value>) -> Option<Letter> {
        let [Value::BulkString(name), Value::BulkString(bytes)] = <[Value; 2]>::try_from(said).ok()? else {
            return None;
        };
        let channel = self.channels.which(std::str::from_utf8(&name).ok()?)?;
        (bytes.len() <= LONGEST).then_some(Letter { channel, bytes })
    }
}

impl Letterbox {
    /// Waits for the next one; `None` when there will be none.
    pub(crate) async fn next(&mut self) -> Option<Letter> {
        let letter = self.letters.recv().await?;
        self.bytes.fetch_sub(letter.bytes.len(), Ordering::AcqRel);
        Some(letter)
    }
}

#[cfg(test)]
mod tests;
