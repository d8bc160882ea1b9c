//! Those who sit at sockets, and the moments at which they hear.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kefu_tests::{Lean, PATIENCE, Told};
use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval};

/// What is on its way.
#[derive(Default)]
pub(crate) struct Post {
    state: Mutex<State>,
    heard: Notify,
}

#[derive(Default)]
struct State {
    /// By the sender's key: when it was due.
    under_way: HashMap<String, Instant>,
    took: Vec<Duration>,
}

impl Post {
    /// Notes that a message is due, at whichever listener hears it for the other party.
    pub(crate) fn is_due(&self, key: String, due: Instant) {
        self.state().under_way.insert(key, due);
    }

    fn arrived(&self, key: &str, now: Instant) {
        let mut state = self.state();
        if let Some(due) = state.under_way.remove(key) {
            state.took.push(now - due);
            drop(state);
            self.heard.notify_one();
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everybody who sits at a socket.
pub(crate) struct Listeners {
    tasks: Vec<JoinHandle<()>>,
    /// Each member's conversation, in the order of the members.
    pub(crate) conversations: Vec<i64>,
}

/// Handshakes under way at once.
const AT_ONCE: usize = 64;

impl Listeners {
    /// Everybody comes, and is there when this returns. The first agent hears for all of them.
    pub(crate) async fn come(
        (at, members): (SocketAddr, &[String]),
        (agents_at, agents): (SocketAddr, &[String]),
        post: &Arc<Post>,
    ) -> Self {
        let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let (report, mut reports) = mpsc::channel(members.len() + agents.len());
        let mut tasks = Vec::new();
        for (place, token) in members.iter().enumerate() {
            let hears = Some(("manager", post.clone()));
            tasks.push(tokio::spawn(sit(at, token.clone(), true, hears, gate.clone(), (place, report.clone()))));
        }
        for (n, token) in agents.iter().enumerate() {
            let hears = (n == 0).then(|| ("customer", post.clone()));
            let place = members.len() + n;
            tasks.push(tokio::spawn(sit(
                agents_at,
                token.clone(),
                false,
                hears,
                gate.clone(),
                (place, report.clone()),
            )));
        }
        let mut conversations = vec![0; members.len()];
        for _ in 0..tasks.len() {
            let (place, conversation) = reports.recv().await.expect("everybody comes");
            if let Some(known) = conversations.get_mut(place) {
                *known = conversation;
            }
        }
        Self { tasks, conversations }
    }

    /// Waits until that many have arrived; how long each took.
    pub(crate) async fn all_heard(&self, post: &Post, sendings: usize) -> Vec<Duration> {
        let all = async {
            while post.state().took.len() < sendings {
                post.heard.notified().await;
            }
        };
        let missing = || sendings - post.state().took.len();
        assert!(tokio::time::timeout(PATIENCE, all).await.is_ok(), "{} messages never arrived", missing());
        std::mem::take(&mut post.state().took)
    }

    pub(crate) fn leave(self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

type Report = (usize, mpsc::Sender<(usize, i64)>);

async fn sit(
    at: SocketAddr,
    token: String,
    member: bool,
    hears: Option<(&'static str, Arc<Post>)>,
    gate: Arc<tokio::sync::Semaphore>,
    (place, report): Report,
) {
    let permit = gate.acquire().await.expect("the gate stays");
    let resume: Option<&[kefu_tests::Cursor]> = member.then_some(&[]);
    let mut line = Lean::come(at, &token, resume, None).await.expect("the server lets everybody in");
    let awaited = if member { "resume" } else { "auth" };
    loop {
        let Told::Frame(frame) = line.next().await else { panic!("cut before it was greeted") };
        assert!(frame["ext"]["code"].is_null(), "{frame}");
        if frame["action"] == awaited {
            let _ = report.try_send((place, frame["ext"]["conversation"].as_i64().unwrap_or_default()));
            break;
        }
    }
    drop(permit);
    let mut beats = interval(Duration::from_secs(20));
    loop {
        tokio::select! {
            _ = beats.tick() => drop(line.say(&json!({ "category": "heartbeat", "ext": { "received": [] } })).await),
            told = line.next() => {
                let now = Instant::now();
                let Told::Frame(frame) = told else { return };
                let Some((category, post)) = &hears else { continue };
                // A message comes by itself, or, where the server has found a gap, among what was missed.
                let missed = frame["ext"]["messages"].as_array().into_iter().flatten();
                for message in std::iter::once(&frame).chain(missed) {
                    if message["action"] == "send"
                        && message["category"] == *category
                        && let Some(key) = message["ext"]["client_msg_id"].as_str()
                    {
                        post.arrived(key, now);
                    }
                }
            }
        }
    }
}
