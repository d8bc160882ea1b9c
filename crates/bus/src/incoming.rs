//! What comes in: the task that listens, for ever.

mod letterbox;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use kefu_domain::Ear;
use kefu_push::{Hub, WebSocketSender};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError};
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
use letterbox::{Letter, Letterbox, letterbox};

/// Every node says every three seconds whom it has, this one too: whoever hears nothing for so long is cut off.
const SILENCE: Duration = Duration::from_secs(10);

/// Listens for the desk and the sockets of this node.
pub(crate) struct Listener {
    pub(crate) node: NodeId,
    /// Speaks RESP3: over RESP2 the library would keep what comes in a queue without an end.
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
                Ok(Ok((line, letters))) => {
                    self.pulse.hears(true);
                    self.listen(letters, &mut pause).await;
                    drop(line);
                }
                Ok(Err(error)) => {
                    if is_too_old(&error) {
                        self.pulse.is_too_old();
                    }
                    tracing::debug!(%error, "Redis lets nobody listen");
                }
                Err(_) => tracing::debug!("Redis does not answer"),
            }
            self.pulse.hears(false);
            sleep(pause.next()).await;
        }
    }

    /// A line on which everything is listened to, for as long as it is held, and where it puts what it hears.
    async fn subscribe(&self) -> Result<(MultiplexedConnection, Letterbox), RedisError> {
        let (slot, letters) = letterbox(self.channels.clone(), self.pulse.clone());
        let put = move |push| {
            slot.take_in(push);
            Ok::<_, std::convert::Infallible>(())
        };
        let within = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(WITHIN))
            .set_response_timeout(Some(WITHIN))
            .set_push_sender(put);
        let mut line = self.client.get_multiplexed_async_connection_with_config(&within).await?;
        line.subscribe(self.channels.all()).await?;
        Ok((line, letters))
    }

    async fn listen(&self, mut letters: Letterbox, pause: &mut Pause) {
        while let Ok(Some(letter)) = timeout(SILENCE, letters.next()).await {
            pause.forget();
            // One bad hint must not end the listening.
            let take = || self.take(&letter);
            meter::received(catch_unwind(AssertUnwindSafe(take)).unwrap_or("bad"));
        }
    }

    /// Takes in what came over a channel, and says what it was.
    fn take(&self, Letter { channel, bytes }: &Letter) -> &'static str {
        match channel {
            Channel::Hints => match self.hand.read(bytes) {
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
            Channel::Presence => match People::read(bytes) {
                // Known since it was said.
                Some((node, _)) if node == self.node => "own",
                Some((node, people)) => {
                    self.others.heard(node, people, Instant::now());
                    "presence"
                }
                None => "bad",
            },
            Channel::Mall => match mall::read(bytes) {
                Mail::For(recipient, frame) => {
                    self.hub.send(&recipient, &frame.kind, &frame.content);
                    "mall"
                }
                Mail::Ours => "mall_own",
                Mail::Others => "mall_other",
                Mail::Bad => "bad",
            },
        }
    }
}

/// Whether Redis knows no RESP3, in the words of any of its ages.
fn is_too_old(error: &RedisError) -> bool {
    let no_such_command = error.detail().is_some_and(|detail| detail.starts_with("unknown command"));
    error.kind() == ErrorKind::RESP3NotSupported || error.code() == Some("NOPROTO") || no_such_command
}
