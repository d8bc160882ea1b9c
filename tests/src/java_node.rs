//! A node of the mall's own, in Java, with `sender-type: redis`: what it publishes, and what it hears.

use futures_util::StreamExt as _;
use redis::aio::{MultiplexedConnection, PubSubStream};
use serde_json::{Value, json};

use crate::PATIENCE;

/// Where Java nodes talk to each other.
pub const JAVA_CHANNEL: &str = "RedisWebSocketMessage";

/// A Java node at a Redis.
pub struct JavaNode {
    channel: String,
    speaks: MultiplexedConnection,
    hears: PubSubStream,
}

impl JavaNode {
    /// A node at that Redis, on the mall's channel or one that a test has instead.
    ///
    /// # Panics
    ///
    /// When there is no Redis.
    pub async fn at(url: &str, channel: &str) -> Self {
        let client = redis::Client::open(url).expect("an address");
        let speaks = client.get_multiplexed_async_connection().await.expect("Redis");
        let (mut sink, hears) = client.get_async_pubsub().await.expect("Redis").split();
        sink.subscribe(channel).await.expect("Redis");
        Self { channel: channel.to_owned(), speaks, hears }
    }

    /// What it hears next.
    ///
    /// # Panics
    ///
    /// When it hears nothing for long, or what is no JSON.
    pub async fn hears(&mut self) -> Value {
        let message = tokio::time::timeout(PATIENCE, self.hears.next()).await.expect("in time").expect("a message");
        serde_json::from_slice(message.get_payload_bytes()).expect("JSON")
    }

    /// Publishes what is for a user type or one of them, as [`java_mail`] has it.
    pub async fn says(&mut self, user_type: i32, user_id: Option<i64>, kind: &str, content: &str) {
        self.publishes(&java_mail(user_type, user_id, kind, content)).await;
    }

    /// Publishes anything; says how many listen, itself included.
    ///
    /// # Panics
    ///
    /// When there is no Redis.
    pub async fn publishes(&mut self, said: &Value) -> usize {
        let publish = redis::cmd("PUBLISH").arg(&self.channel).arg(said.to_string()).to_owned();
        publish.query_async(&mut self.speaks).await.expect("Redis")
    }
}

/// A frame for a user type of tenant 1, or for one of them, as Java writes it.
#[must_use]
pub fn java_mail(user_type: i32, user_id: Option<i64>, kind: &str, content: &str) -> Value {
    json!({"headers": {"tenant-id": "1"}, "sessionId": null, "userType": user_type, "userId": user_id,
        "messageType": kind, "messageContent": content})
}
