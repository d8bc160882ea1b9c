//! Sendings at a constant rate, over HTTP.

use std::time::Duration;

use kefu_tests::{Dice, Server, acknowledged};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use crate::listeners::{Listeners, Post};

/// Twenty Chinese characters.
const TEXT: &str = "你好我想问一下这件衣服什么时候可以发货呢谢";

/// Sends for so long, members and agents in turn; how many were sent, all acknowledged.
pub(crate) async fn send(
    at: &Server,
    agents_at: &Server,
    (members, agents): (&[String], &[String]),
    listeners: &Listeners,
    per_second: u32,
    time: Duration,
    post: &Post,
) -> usize {
    let http = kefu_tests::http().build().expect("a client");
    let (app, desk) =
        (at.url("/app-api/promotion/kefu-message/send"), agents_at.url("/admin-api/promotion/kefu-message/send"));
    let mut dice = Dice::new(11);
    let mut pick = |count: usize| {
        let below = u64::try_from(count).expect("a small number");
        usize::try_from(dice.below(below)).expect("a small number")
    };
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    let until = Instant::now() + time;
    let (mut sent, mut under_way) = (0, JoinSet::new());
    loop {
        let due = ticks.tick().await;
        if due >= until {
            break;
        }
        let (member, key) = (pick(members.len()), unique_key());
        let body = json!({ "contentType": 1, "content": TEXT, "clientMsgId": key });
        let request = if sent % 2 == 0 {
            http.post(&app).bearer_auth(&members[member]).json(&body)
        } else {
            let mut body = body;
            body["conversationId"] = listeners.conversations[member].into();
            http.post(&desk).bearer_auth(&agents[pick(agents.len())]).json(&body)
        };
        post.is_due(key, due);
        under_way.spawn(acknowledged(request));
        sent += 1;
        while let Some(done) = under_way.try_join_next() {
            done.expect("every sending is acknowledged");
        }
    }
    while let Some(done) = under_way.join_next().await {
        done.expect("every sending is acknowledged");
    }
    sent
}

/// A key is used once, in whichever run.
fn unique_key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("latency-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
