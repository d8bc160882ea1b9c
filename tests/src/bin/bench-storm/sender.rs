//! Messages at a constant rate, whether the answers come or not.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kefu_tests::{Dice, acknowledged};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::interval;

/// An agent who never rests.
pub(crate) struct Sender {
    took: Arc<Mutex<Vec<Duration>>>,
    stop: tokio::sync::oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Sender {
    pub(crate) fn start(server: SocketAddr, token: String, conversations: Vec<i64>, per_second: u32) -> Self {
        let took = Arc::new(Mutex::new(Vec::new()));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(send(server, token, conversations, per_second, took.clone(), stopped));
        Self { took, stop, task }
    }

    /// How many were acknowledged so far.
    pub(crate) fn done(&self) -> usize {
        self.took.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How long each took since so many were done, from when it was due.
    pub(crate) fn took_since(&self, done: usize) -> Vec<Duration> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner)[done..].to_vec()
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.expect("the sender ends well");
    }
}

async fn send(
    server: SocketAddr,
    token: String,
    conversations: Vec<i64>,
    per_second: u32,
    took: Arc<Mutex<Vec<Duration>>>,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
) {
    let http = kefu_tests::http().build().expect("a client");
    let url = format!("http://{server}/admin-api/promotion/kefu-message/send");
    let mut dice = Dice::new(7);
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    let mut under_way = JoinSet::new();
    loop {
        let due = tokio::select! {
            due = ticks.tick() => due,
            _ = &mut stopped => break,
        };
        let count = u64::try_from(conversations.len()).expect("a small number");
        let conversation = conversations[usize::try_from(dice.below(count)).expect("a small number")];
        let body = json!({ "conversationId": conversation, "contentType": 1, "content": "您好，您的订单已发货" });
        let request = http.post(&url).bearer_auth(&token).json(&body);
        let took = took.clone();
        under_way.spawn(async move {
            acknowledged(request).await;
            took.lock().unwrap_or_else(PoisonError::into_inner).push(due.elapsed());
        });
        while let Some(done) = under_way.try_join_next() {
            done.expect("every sending is acknowledged");
        }
    }
    while let Some(done) = under_way.join_next().await {
        done.expect("every sending is acknowledged");
    }
}
