//! What a client wants to have stored, until it is. No socket; the time comes in as an argument.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{Anomaly, V2Frame};

/// What the server stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The key.
    pub key: String,
    /// What it is the answer to: `send`, `read` …
    pub action: String,
    /// The message's id; 0 where the answer names none, here and below.
    pub id: i64,
    /// The message's number.
    pub seq: i64,
    /// The change it was.
    pub change: i64,
    /// The conversation.
    pub conversation: i64,
    /// When, in milliseconds since the epoch.
    pub created_at: i64,
    /// Whether it had been stored before.
    pub duplicate: bool,
    /// When the answer came.
    pub at: std::time::Instant,
}

impl Ack {
    fn of(frame: &V2Frame, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            action: frame.action().to_owned(),
            id: frame.id().unwrap_or(0),
            seq: frame.seq().unwrap_or(0),
            change: frame.change().unwrap_or(0),
            conversation: frame.conversation().unwrap_or(0),
            created_at: frame.value["created_at"].as_i64().unwrap_or(0),
            duplicate: frame.ext("duplicate").as_bool().unwrap_or(false),
            at: frame.at,
        }
    }

    /// Whether both speak of the same message.
    fn agrees_with(&self, other: &Self) -> bool {
        (self.id, self.seq, self.conversation) == (other.id, other.seq, other.conversation)
    }
}

/// What the server did not want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The key.
    pub key: String,
    /// The code.
    pub code: i64,
    /// What it says to it.
    pub msg: String,
}

/// Waits for its turn, or for its answer.
#[derive(Debug, Clone)]
struct Letter {
    key: String,
    frame: Value,
    said: Option<Instant>,
    not_before: Option<Instant>,
    attempts: usize,
}

/// Keeps everything in order and under its key until it is answered.
#[derive(Debug, Clone)]
pub struct Outbox {
    letters: VecDeque<Letter>,
    window: usize,
    ack_within: Duration,
    acks: BTreeMap<String, Ack>,
    refusals: BTreeMap<String, Refusal>,
    /// How often something was said again.
    pub(super) repeated: usize,
    /// How often something was answered again.
    pub(super) answered_again: usize,
    /// How often the server said "later".
    pub(super) put_off: usize,
}

impl Outbox {
    /// Has so many on their way at once, and says again what is not answered in time. With more than one a message
    /// that is put off is overtaken by those that were said after it.
    #[must_use]
    pub fn new(window: usize, ack_within: Duration) -> Self {
        let (letters, acks, refusals) = Default::default();
        Self { letters, window, ack_within, acks, refusals, repeated: 0, answered_again: 0, put_off: 0 }
    }

    /// Takes in a frame, to which it gives its key.
    pub fn post(&mut self, mut frame: Value, key: &str) {
        frame["ext"]["client_msg_id"] = key.into();
        self.letters.push_back(Letter { key: key.to_owned(), frame, said: None, not_before: None, attempts: 0 });
    }

    /// What is to be said now, in order.
    pub fn due(&mut self, now: Instant) -> Vec<Value> {
        let mut frames = Vec::new();
        for letter in self.letters.iter_mut().take(self.window) {
            if letter.not_before.is_some_and(|later| later > now) {
                break;
            }
            if letter.said.is_some_and(|said| now < said + self.ack_within) {
                continue;
            }
            self.repeated += usize::from(letter.attempts > 0);
            letter.attempts += 1;
            (letter.said, letter.not_before) = (Some(now), None);
            frames.push(letter.frame.clone());
        }
        frames
    }

    /// When to look again, if nothing happens.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        let first = self.letters.iter().take(self.window);
        first.filter_map(|letter| letter.not_before.or(letter.said.map(|said| said + self.ack_within))).min()
    }

    /// Whether everything was answered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// The connection is gone: what was not answered has to be said again.
    pub fn cut(&mut self) {
        self.letters.iter_mut().for_each(|letter| letter.said = None);
    }

    /// Takes in an answer, which may ask to come again `later`; another time than it says is for the caller's dice.
    pub fn answered(&mut self, frame: &V2Frame, now: Instant, anomalies: &mut Vec<Anomaly>) {
        let Some(key) = frame.key() else { return };
        let code = frame.code();
        let place = self.letters.iter().position(|letter| letter.key == key);
        if code == 429 || code == 503 {
            if let Some(letter) = place.and_then(|place| self.letters.get_mut(place)) {
                let millis = frame.ext_number("retry_after").and_then(|millis| u64::try_from(millis).ok());
                letter.said = None;
                letter.not_before = Some(now + Duration::from_millis(millis.unwrap_or(1_000)));
                self.put_off += 1;
            }
            return;
        }
        if let Some(place) = place {
            self.letters.remove(place);
        } else {
            self.answered_again += 1;
        }
        if code != 0 {
            let refusal =
                Refusal { key: key.to_owned(), code, msg: frame.ext("msg").as_str().unwrap_or("").to_owned() };
            if self.acks.contains_key(key) || self.refusals.get(key).is_some_and(|known| known.code != code) {
                anomalies.push(Anomaly::AcksDisagree { key: key.to_owned() });
            }
            self.refusals.insert(key.to_owned(), refusal);
            return;
        }
        let ack = Ack::of(frame, key);
        if ack.action == "send" && (ack.id == 0 || ack.seq == 0 || ack.change == 0 || ack.conversation == 0) {
            anomalies.push(Anomaly::Malformed(format!("an ack that lacks something: {}", frame.value)));
        }
        let disagrees = self.acks.get(key).is_some_and(|known| !known.agrees_with(&ack));
        if disagrees || self.refusals.contains_key(key) {
            anomalies.push(Anomaly::AcksDisagree { key: key.to_owned() });
        }
        self.acks.entry(key.to_owned()).or_insert(ack);
    }

    /// What became of a key, if anything has.
    #[must_use]
    pub fn outcome(&self, key: &str) -> Option<Result<&Ack, &Refusal>> {
        self.acks.get(key).map(Ok).or_else(|| self.refusals.get(key).map(Err))
    }

    /// Everything that was stored, by key.
    #[must_use]
    pub fn acks(&self) -> &BTreeMap<String, Ack> {
        &self.acks
    }

    /// Everything that was refused, by key.
    #[must_use]
    pub fn refusals(&self) -> &BTreeMap<String, Refusal> {
        &self.refusals
    }
}
