//! What comes in: the task that listens, for ever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use kefu_domain::Ear;
use kefu_push::{Hub, WebSocketSender};
use redis::aio::PubSubStream;
use redis::{Client, RedisError};
use tokio::time::{Instant, sleep, timeout};

use crate::NodeId;
use crate::channels::{Channel, Channels};
use crate::mall::{self, Mail};
use crate::meter;
use crate::outgoing::WITHIN;
use crate::pause::Pause;
use crate::presence::{Others, People};
use crate::pulse::Pulse;
use crate::wire::{Hand, Hint, Strange};

/// Every node says every three seconds whom it has, this one too: whoever hears nothing for so long is cut off.
const SILENCE: Duration = Duration::from_secs(10);

/// Listens for the desk and the sockets of this node.
pub(crate) struct Listener {
    pub(crate) node: NodeId,
    pub(crate) client: Client,
    pub(crate) channels: Arc<Channels>,
    pub(crate) hand: Arc<Hand>,
    pub(crate) others: Arc<Others>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) ear: Arc<dyn Ear>,
    pub(crate) hub: Hub,
}

impl Listener {
    /// Listens, and begins anew whenever the line is cut.
    pub(crate) async fn run(self) {
        let mut pause = Pause::new();
        loop {
            match timeout(WITHIN, self.subscribe()).await {
                Ok(Ok(stream)) => {
                    self.pulse.hears(true);
                    self.listen(stream, &mut pause).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "Redis lets nobody listen"),
                Err(_) => tracing::debug!("Redis does not answer"),
            }
            self.pulse.hears(false);
            sleep(pause.next()).await;
        }
    }

    async fn subscribe(&self) -> Result<PubSubStream, RedisError> {
        let (mut sink, stream) = self.client.get_async_pubsub().await?.split();
        sink.subscribe(self.channels.all()).await?;
        Ok(stream)
    }

    async fn listen(&self, mut stream: PubSubStream, pause: &mut Pause) {
        while let Ok(Some(message)) = timeout(SILENCE, stream.next()).await {
            pause.forget();
            // One bad hint must not end the listening.
            let take = || self.take(message.get_channel_name(), message.get_payload_bytes());
            meter::received(catch_unwind(AssertUnwindSafe(take)).unwrap_or("bad"));
        }
    }

    /// Takes in what came over a channel, and says what it was.
    fn take(&self, channel: &str, bytes: &[u8]) -> &'static str {
        match self.channels.which(channel) {
            Some(Channel::Hints) => match self.hand.read(bytes) {
                Ok(Hint::News(news)) => {
                    self.ear.hear(*news);
                    "news"
                }
                Ok(Hint::Typing(typing)) => {
                    self.ear.hear_typing(typing);
                    "typing"
                }
                Err(Strange::Own) => "own",
                Err(Strange::Bad) => "bad",
            },
            Some(Channel::Presence) => match People::read(bytes) {
                // Known since it was said.
                Some((node, _)) if node == self.node => "own",
                Some((node, people)) => {
                    self.others.heard(node, people, Instant::now());
                    "presence"
                }
                None => "bad",
            },
            Some(Channel::Mall) => match mall::read(bytes) {
                Mail::For(recipient, frame) => {
                    self.hub.send(&recipient, &frame.kind, &frame.content);
                    "mall"
                }
                Mail::Ours => "mall_own",
                Mail::Others => "mall_other",
                Mail::Bad => "bad",
            },
            None => "bad",
        }
    }
}
