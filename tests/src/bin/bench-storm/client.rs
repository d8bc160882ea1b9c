//! One of thousands: comes when everybody comes, and goes when everybody is cut.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kefu_tests::{Cursor, Lean, Told};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, interval_at};

/// What everybody does.
#[derive(Debug, Clone)]
pub(crate) enum Phase {
    /// Be here.
    Come,
    /// Be gone.
    Away,
    /// End with these heads, by conversation.
    Settle(Arc<HashMap<i64, i64>>),
}

/// As often as the package does.
const HEARTBEAT: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    server: SocketAddr,
    token: String,
    phase: watch::Receiver<Phase>,
    gate: Arc<Semaphore>,
    back: mpsc::Sender<Instant>,
    cursor: Option<Cursor>,
    epoch: Option<String>,
    /// Messages that were given twice, in another order, or left out.
    wrong: usize,
}

impl Client {
    pub(crate) fn new(
        server: SocketAddr,
        token: String,
        phase: watch::Receiver<Phase>,
        gate: Arc<Semaphore>,
        back: mpsc::Sender<Instant>,
    ) -> Self {
        Self { server, token, phase, gate, back, cursor: None, epoch: None, wrong: 0 }
    }

    pub(crate) async fn live(mut self) {
        loop {
            let phase = self.phase.borrow_and_update().clone();
            match phase {
                Phase::Away => {}
                Phase::Come => {
                    let mut line = self.come_back().await;
                    let _ = self.back.try_send(Instant::now());
                    if let Some(heads) = self.stay(&mut line).await {
                        self.settle(&mut line, &heads).await;
                        return;
                    }
                    drop(line);
                    continue;
                }
                Phase::Settle(_) => unreachable!("nobody is away at the end"),
            }
            self.phase.changed().await.expect("the measurement goes on");
        }
    }

    /// Knocks until it has everything.
    async fn come_back(&mut self) -> Lean {
        loop {
            let place = self.gate.clone().acquire_owned().await.expect("the gate stays");
            let resume: Vec<_> = self.cursor.into_iter().collect();
            let Ok(mut line) = Lean::come(self.server, &self.token, Some(&resume), self.epoch.as_deref()).await else {
                drop(place);
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            loop {
                match line.next().await {
                    Told::Over => break,
                    Told::Frame(frame) => {
                        if self.hear(&frame) {
                            return line;
                        }
                    }
                }
            }
        }
    }

    /// Hears what is said until everybody is cut, or told how it ends.
    async fn stay(&mut self, line: &mut Lean) -> Option<Arc<HashMap<i64, i64>>> {
        let mut beats = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        loop {
            tokio::select! {
                changed = self.phase.changed() => {
                    changed.expect("the measurement goes on");
                    match self.phase.borrow_and_update().clone() {
                        Phase::Come => {}
                        Phase::Away => return None,
                        Phase::Settle(heads) => return Some(heads),
                    }
                }
                _ = beats.tick() => self.beat(line).await,
                told = line.next() => match told {
                    Told::Frame(frame) => drop(self.hear(&frame)),
                    Told::Over => *line = self.come_back().await,
                },
            }
        }
    }

    async fn settle(&mut self, line: &mut Lean, heads: &HashMap<i64, i64>) {
        let conversation = self.cursor.expect("it has been here").conversation;
        let head = heads[&conversation];
        let whole = async {
            while self.cursor.is_none_or(|cursor| cursor.seq < head) {
                match line.next().await {
                    Told::Frame(frame) => drop(self.hear(&frame)),
                    Told::Over => *line = self.come_back().await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), whole).await.expect("it is told everything");
        assert_eq!((self.wrong, self.cursor.map(|cursor| cursor.seq)), (0, Some(head)));
    }

    async fn beat(&self, line: &mut Lean) {
        let received: Vec<_> = self.cursor.iter().map(|cursor| cursor.to_json()).collect();
        let _ = line.say(&json!({ "category": "heartbeat", "ext": { "received": received } })).await;
    }

    /// Applies a frame; says whether it was the end of a resuming.
    fn hear(&mut self, frame: &Value) -> bool {
        let ext = &frame["ext"];
        match frame["action"].as_str() {
            Some("auth") => {
                assert!(ext["code"].is_null(), "{frame}");
                self.epoch = ext["epoch"].as_str().map(str::to_owned);
                false
            }
            Some("resume") => {
                let conversation = ext["conversation"].as_i64().expect("a conversation");
                let mut cursor = self.cursor.filter(|_| ext["reset"] != true);
                for message in ext["messages"].as_array().into_iter().flatten() {
                    let seq = message["ext"]["seq"].as_i64().expect("a number");
                    let known = cursor.map(|cursor| cursor.seq);
                    if known.is_some_and(|known| seq <= known) {
                        continue;
                    }
                    self.wrong += usize::from(known.is_some_and(|known| seq != known + 1));
                    cursor = Some(Cursor { conversation, seq, change: cursor.map_or(0, |cursor| cursor.change) });
                }
                let over = ext["more"] != true;
                if let (true, Some(cursor)) = (over, cursor.as_mut()) {
                    cursor.change = cursor.change.max(ext["change"].as_i64().expect("a change"));
                }
                self.cursor = cursor;
                over
            }
            Some("send") if frame["category"] != "ack" => {
                let (seq, change) = (ext["seq"].as_i64(), ext["change"].as_i64());
                if let (Some(cursor), Some(seq), Some(change)) = (&mut self.cursor, seq, change)
                    && change > cursor.change
                {
                    self.wrong += usize::from(seq != cursor.seq + 1 || change != cursor.change + 1);
                    (cursor.seq, cursor.change) = (seq, change);
                }
                false
            }
            _ => false,
        }
    }
}
