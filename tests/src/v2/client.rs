//! A client at work: what a test may ask of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::connection::Connections;
use super::{
    Ack, Anomaly, Applied, Ending, Nodes, Notebook, Outbox, Refusal, Tallies, Thread, V2Frame, V2Start, V2State, frame,
};
use crate::{PATIENCE, Side};

/// What a test wants of a client's connection. Counters are acts, the others are states.
#[derive(Debug, Clone, Default)]
pub(super) struct Wants {
    pub(super) away: bool,
    pub(super) blind: bool,
    pub(super) deaf: bool,
    pub(super) cuts: u64,
    pub(super) nudges: u64,
}

/// What the client and its task share.
pub(super) struct Shared {
    state: Mutex<V2State>,
    pub(super) grow: watch::Sender<u64>,
    /// Frames that are said once, and forgotten when there is no connection.
    pub(super) once: Mutex<VecDeque<Value>>,
}

impl Shared {
    /// The state, even of somebody else's leak.
    pub(super) fn raw(&self) -> MutexGuard<'_, V2State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and tells whoever waits.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut V2State) -> T) -> T {
        let result = change(&mut self.raw());
        self.grow.send_modify(|count| *count += 1);
        result
    }
}

/// One party on one device. Dropping it cuts its connection.
pub struct V2Client {
    shared: Arc<Shared>,
    wants: watch::Sender<Wants>,
    of_member: bool,
    keys: AtomicU64,
    seed: u64,
    task: tokio::task::JoinHandle<()>,
}

impl V2Client {
    /// A member who shows that token, with the usual manners.
    #[must_use]
    pub fn member(nodes: impl Into<Nodes>, token: &str) -> Self {
        V2Start::member(nodes, token).join()
    }

    /// An admin who shows that token, with the usual manners.
    #[must_use]
    pub fn admin(nodes: impl Into<Nodes>, token: &str) -> Self {
        V2Start::admin(nodes, token).join()
    }

    pub(super) fn begin(start: V2Start) -> Self {
        let (of_member, seed) = (start.of_member, start.manners.seed);
        let outbox = Outbox::new(start.manners.window, start.manners.ack_within);
        let state = Mutex::new(V2State::new(Notebook::new(of_member), outbox));
        let shared = Arc::new(Shared { state, grow: watch::channel(0).0, once: Mutex::default() });
        let (wants, wanted) = watch::channel(Wants::default());
        let task = tokio::spawn(Connections::new(start, shared.clone(), wanted).live());
        Self { shared, wants, of_member, keys: AtomicU64::new(0), seed, task }
    }

    /// A member writes, and waits until it is stored.
    pub async fn send(&self, text: &str) -> Ack {
        self.try_send(None, text).await.expect("a sending that is stored")
    }

    /// An agent writes, and waits until it is stored.
    pub async fn send_to(&self, conversation: i64, text: &str) -> Ack {
        self.try_send(Some(conversation), text).await.expect("a sending that is stored")
    }

    /// Writes, and waits until it is stored or refused.
    pub async fn try_send(&self, conversation: Option<i64>, text: &str) -> Result<Ack, Refusal> {
        let key = self.post(conversation, text);
        self.answer(&key).await
    }

    /// Puts a text into the outbox, and says under which key.
    pub fn post(&self, conversation: Option<i64>, text: &str) -> String {
        self.post_frame(frame::send(conversation, text, None))
    }

    /// Puts a text that quotes a message into the outbox.
    pub fn post_quoting(&self, conversation: Option<i64>, text: &str, quote: i64) -> String {
        self.post_frame(frame::send(conversation, text, Some(quote)))
    }

    /// Puts anything else into the outbox, by its style, kind and content.
    pub fn post_as(&self, conversation: Option<i64>, as_what: (&str, &str), content: &str) -> String {
        self.post_frame(frame::send_as(conversation, as_what, content, None))
    }

    /// Puts a frame into the outbox under a key of its own.
    pub fn post_frame(&self, frame: Value) -> String {
        let number = self.keys.fetch_add(1, Ordering::SeqCst);
        let key = format!("{:016x}-{number}", self.seed);
        self.post_under(frame, &key);
        key
    }

    /// Puts a frame into the outbox under that key.
    pub fn post_under(&self, frame: Value, key: &str) {
        self.shared.with(|state| state.outbox.post(frame, key));
        self.nudge();
    }

    /// What becomes of a key. However long it takes, within reason: an outage counts.
    pub async fn answer(&self, key: &str) -> Result<Ack, Refusal> {
        self.wait("an answer", 2 * PATIENCE, |state| state.outcome(key).is_some()).await;
        let state = self.lock();
        state.outcome(key).expect("it was there").cloned().map_err(Clone::clone)
    }

    /// Says that a conversation was read so far.
    pub async fn read(&self, conversation: i64, seq: i64) -> Result<Ack, Refusal> {
        self.answer(&self.post_frame(frame::read(conversation, seq))).await
    }

    /// Takes a message back.
    pub async fn revoke(&self, conversation: Option<i64>, message: i64) -> Result<Ack, Refusal> {
        self.answer(&self.post_frame(frame::about("revoke", conversation, message))).await
    }

    /// Hides a message from one's own side.
    pub async fn delete(&self, conversation: Option<i64>, message: i64) -> Result<Ack, Refusal> {
        self.answer(&self.post_frame(frame::about("delete", conversation, message))).await
    }

    /// Says that one is writing, or no longer. Nobody answers.
    pub fn typing(&self, conversation: i64, on: bool) {
        self.say(frame::typing(conversation, on));
    }

    /// Says anything, once.
    pub fn say(&self, frame: Value) {
        self.shared.once.lock().unwrap_or_else(PoisonError::into_inner).push_back(frame);
        self.nudge();
    }

    /// Follows a conversation from now on, and waits until it has come so far as it goes. For agents.
    pub async fn open(&self, conversation: i64) {
        assert!(!self.of_member, "a member follows their own from the first message");
        let ask = self.shared.with(|state| {
            state.asked += 1;
            let cursor = state.notebook.open(conversation).cursor;
            frame::resume(state.notebook.epoch(), vec![cursor])
        });
        self.say(ask);
        let open = |state: &V2State| state.thread(conversation).is_some_and(|thread| thread.fetching.is_none());
        self.until("the conversation", open).await;
    }

    /// No longer follows it.
    pub fn close(&self, conversation: i64) {
        self.shared.with(|state| state.notebook.close(conversation));
    }

    /// Cuts the connection; the client comes back on its own.
    pub fn cut(&self) {
        self.wants.send_modify(|wants| wants.cuts += 1);
    }

    /// Takes nothing more off the connection, as a page that hangs. Heartbeats go on, and nobody counts those that
    /// are not answered.
    pub fn pause_reading(&self) {
        self.wants.send_modify(|wants| wants.blind = true);
    }

    /// Reads on.
    pub fn resume_reading(&self) {
        self.wants.send_modify(|wants| wants.blind = false);
    }

    /// Loses all news that come, as if they had not come, and goes on saying that it has what it had; or no longer.
    pub fn play_deaf(&self, deaf: bool) {
        self.wants.send_modify(|wants| wants.deaf = deaf);
    }

    /// Leaves properly, and stays away until it is called back.
    pub async fn go_away(&self) {
        self.wants.send_modify(|wants| wants.away = true);
        self.until("its leaving", |state| !state.is_connected()).await;
    }

    /// Comes back, and waits until it is greeted. Also when it was turned away for good.
    pub async fn come_back(&self) {
        self.shared.with(|state| state.stays_out = None);
        self.wants.send_modify(|wants| wants.away = false);
        self.until("a greeting", V2State::is_connected).await;
    }

    /// Waits until what it knows is as it should be, and gives up in time.
    pub async fn until(&self, what: &str, holds: impl FnMut(&V2State) -> bool) {
        self.wait(what, PATIENCE, holds).await;
    }

    /// Waits so long until what it knows is as it should be.
    pub async fn wait(&self, what: &str, within: Duration, mut holds: impl FnMut(&V2State) -> bool) {
        let mut grown = self.shared.grow.subscribe();
        let waited = tokio::time::timeout(within, async {
            loop {
                grown.borrow_and_update();
                if holds(&self.lock()) {
                    return;
                }
                if grown.changed().await.is_err() {
                    return;
                }
            }
        });
        let _ = waited.await;
        let state = self.lock();
        assert!(
            holds(&state),
            "in vain waited for {what}: connected {}, cursors {:?}, {} wait in the outbox, {:?}, anomalies {:?}",
            state.is_connected(),
            state.notebook.cursors(),
            state.outbox.len(),
            state.tallies(),
            state.anomalies(),
        );
    }

    /// What it knows now.
    #[must_use]
    pub fn state(&self) -> V2State {
        self.lock().clone()
    }

    /// What it shows of a member's conversation.
    #[must_use]
    pub fn applied(&self) -> Vec<Applied> {
        self.lock().applied().to_vec()
    }

    /// What it shows of a conversation.
    #[must_use]
    pub fn applied_in(&self, conversation: i64) -> Vec<Applied> {
        self.lock().applied_in(conversation).to_vec()
    }

    /// A conversation that it follows.
    #[must_use]
    pub fn thread(&self, conversation: i64) -> Option<Thread> {
        self.lock().thread(conversation).cloned()
    }

    /// Which end of its conversations it is.
    #[must_use]
    pub fn side(&self) -> Side {
        if self.of_member { Side::Member } else { Side::Agent }
    }

    /// Every frame as it came, on all connections.
    #[must_use]
    pub fn frames(&self) -> Vec<V2Frame> {
        self.lock().frames.clone()
    }

    /// Everything that was stored for it.
    #[must_use]
    pub fn acks(&self) -> Vec<Ack> {
        self.lock().outbox.acks().values().cloned().collect()
    }

    /// How its connections ended.
    #[must_use]
    pub fn endings(&self) -> Vec<Ending> {
        self.lock().endings.clone()
    }

    /// How often what happened.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        self.lock().tallies()
    }

    /// What a server that keeps its promises never does.
    #[must_use]
    pub fn anomalies(&self) -> Vec<Anomaly> {
        self.lock().anomalies()
    }

    /// The server has broken none of its promises to this client.
    #[track_caller]
    pub fn flawless(&self) {
        let anomalies = self.anomalies();
        assert!(anomalies.is_empty(), "{} anomalies, the first: {:?}", anomalies.len(), anomalies[0]);
    }

    fn nudge(&self) {
        self.wants.send_modify(|wants| wants.nudges += 1);
    }

    /// The state, unless something came that was for somebody else: whoever asks then learns of that instead.
    fn lock(&self) -> MutexGuard<'_, V2State> {
        let state = self.shared.raw();
        if let Some(leak) = &state.leak {
            panic!("{leak}");
        }
        state
    }
}

impl Drop for V2Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}
