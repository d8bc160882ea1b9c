//! The mall's socket, as its pages use it: frames come down, `ping` goes up every second.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::canary::Leak;
use crate::wire::{self, Handshake, Sight};
use crate::{Frame, PATIENCE, Refused};

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct SocketOptions {
    /// Whether it pings every second, as the console does; without that it pings when told to.
    pub pings: bool,
    /// How much the kernel takes in for a client that does not read, in bytes.
    pub receive_buffer: Option<u32>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { pings: true, receive_buffer: None }
    }
}

#[derive(Default)]
struct Heard {
    frames: Vec<Frame>,
    pongs: Vec<Duration>,
    pinged: Option<Instant>,
    closed: Option<Instant>,
    leak: Option<Leak>,
}

enum Wish {
    Ping,
    Say(Message),
    Read(bool),
}

/// An open socket. Dropping it cuts the connection.
pub struct Socket {
    heard: Arc<Mutex<Heard>>,
    grown: watch::Receiver<u64>,
    wishes: mpsc::Sender<Wish>,
    task: tokio::task::JoinHandle<()>,
}

impl Socket {
    /// Opens a socket with a token in its address, as the mall's pages do.
    pub async fn open(server: SocketAddr, token: &str, options: SocketOptions) -> Result<Self, Refused> {
        Self::open_at(server, token, 0, options).await
    }

    /// Opens a socket at a member's shop.
    pub async fn open_at(server: SocketAddr, token: &str, shop: i64, options: SocketOptions) -> Result<Self, Refused> {
        let sight = Sight::at(server, token, shop);
        let place = if shop == 0 { String::new() } else { format!("&shopId={shop}") };
        let path = &format!("/infra/ws?token={token}{place}");
        let handshake = Handshake { server, path, protocol: None, receive_buffer: options.receive_buffer };
        let stream = handshake.open(&sight).await?;
        Ok(Self::stay(stream, options.pings, sight))
    }

    fn stay(stream: WebSocketStream<TcpStream>, pings: bool, sight: Sight) -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (grow, grown) = watch::channel(0);
        let (wishes, wished) = mpsc::channel(64);
        let task = tokio::spawn(live(stream, pings, sight, heard.clone(), grow, wished));
        Self { heard, grown, wishes, task }
    }

    /// Sends one ping.
    pub async fn ping(&self) {
        self.wish(Wish::Ping).await;
    }

    /// Sends anything.
    pub async fn say(&self, message: Message) {
        self.wish(Wish::Say(message)).await;
    }

    /// Stops taking anything off the connection, as a page that hangs.
    pub async fn stop_reading(&self) {
        self.wish(Wish::Read(false)).await;
    }

    /// Reads on.
    pub async fn read_on(&self) {
        self.wish(Wish::Read(true)).await;
    }

    async fn wish(&self, wish: Wish) {
        // A socket that has ended has nothing left to be wished for.
        let _ = self.wishes.send(wish).await;
    }

    /// The frames so far, in the order of their arrival.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        lock(&self.heard).frames.clone()
    }

    /// The numbers of the messages so far, in the order of their arrival.
    #[must_use]
    pub fn seqs(&self) -> Vec<i64> {
        lock(&self.heard).frames.iter().filter_map(Frame::seq).collect()
    }

    /// How long each pong took.
    #[must_use]
    pub fn pongs(&self) -> Vec<Duration> {
        lock(&self.heard).pongs.clone()
    }

    /// Waits until the frames so far are as they should be.
    pub async fn wait_until(&self, what: &str, mut holds: impl FnMut(&[Frame]) -> bool) {
        self.wait(what, PATIENCE, |heard| holds(&heard.frames)).await;
    }

    /// Waits until there are so many pongs.
    pub async fn wait_for_pongs(&self, count: usize) {
        self.wait(&format!("{count} pongs"), PATIENCE, |heard| heard.pongs.len() >= count).await;
    }

    /// Waits until everything that was on its way has arrived: the answer to a ping comes behind it.
    ///
    /// Only for a client that has read all along: a pong overtakes what the server still queues.
    pub async fn settle(&self) {
        let before = lock(&self.heard).pongs.len();
        self.ping().await;
        self.wait_for_pongs(before + 1).await;
    }

    /// Waits until the connection has ended, and says when it did; `None` when it does not end in time.
    pub async fn closed(&self, within: Duration) -> Option<Instant> {
        let mut grown = self.grown.clone();
        let ended = async {
            loop {
                if let Some(at) = lock(&self.heard).closed {
                    return at;
                }
                if grown.changed().await.is_err() {
                    return Instant::now();
                }
            }
        };
        tokio::time::timeout(within, ended).await.ok()
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.heard).closed.is_some()
    }

    async fn wait(&self, what: &str, within: Duration, mut holds: impl FnMut(&Heard) -> bool) {
        let mut grown = self.grown.clone();
        let waited = tokio::time::timeout(within, async {
            loop {
                grown.borrow_and_update();
                if holds(&lock(&self.heard)) {
                    return true;
                }
                if grown.changed().await.is_err() {
                    return holds(&lock(&self.heard));
                }
            }
        });
        if !waited.await.unwrap_or(false) {
            let heard = lock(&self.heard);
            let (frames, ended) = (heard.frames.len(), heard.closed.is_some());
            panic!("in vain waited for {what}: {frames} frames so far, closed: {ended}");
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What was heard, unless it was for somebody else: whoever asks then learns of that instead.
fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(leak) = &heard.leak {
        panic!("{leak}");
    }
    heard
}

/// Takes in what came; a leak ends the connection.
fn take_in(sight: &Sight, heard: &Mutex<Heard>, message: &Message) -> Result<(), ()> {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    match wire::read(sight, message) {
        Ok(Some(text)) if text == "pong" => {
            let took = heard.pinged.take().map(|pinged| pinged.elapsed());
            heard.pongs.extend(took);
        }
        Ok(Some(text)) => heard.frames.push(Frame::parse(&text)),
        Ok(None) => {}
        Err(leak) => {
            heard.leak = Some(leak);
            return Err(());
        }
    }
    Ok(())
}

/// One connection until its end.
async fn live(
    mut stream: WebSocketStream<TcpStream>,
    pings: bool,
    sight: Sight,
    heard: Arc<Mutex<Heard>>,
    grow: watch::Sender<u64>,
    mut wished: mpsc::Receiver<Wish>,
) {
    let mut every_second = tokio::time::interval(Duration::from_secs(1));
    let mut reading = true;
    loop {
        tokio::select! {
            message = stream.next(), if reading => match message {
                Some(Ok(message)) => {
                    if take_in(&sight, &heard, &message).is_err() || message.is_close() { break }
                }
                Some(Err(_)) | None => break,
            },
            _ = every_second.tick(), if pings => {
                if ping(&mut stream, &heard).await.is_err() { break }
            }
            wish = wished.recv() => match wish {
                Some(Wish::Ping) => if ping(&mut stream, &heard).await.is_err() { break },
                Some(Wish::Say(message)) => if stream.send(message).await.is_err() { break },
                Some(Wish::Read(on)) => reading = on,
                None => break,
            },
        }
        grow.send_modify(|count| *count += 1);
    }
    heard.lock().unwrap_or_else(PoisonError::into_inner).closed = Some(Instant::now());
    grow.send_modify(|count| *count += 1);
}

async fn ping(stream: &mut WebSocketStream<TcpStream>, heard: &Mutex<Heard>) -> Result<(), Error> {
    heard.lock().unwrap_or_else(PoisonError::into_inner).pinged.get_or_insert_with(Instant::now);
    stream.send(Message::text("ping")).await
}
