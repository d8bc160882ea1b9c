//! The connections of a client, one after the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;

use super::V2Start;
use super::backoff::Backoff;
use super::client::{Shared, Wants};
use super::session::Session;
use super::start::Credential;
use crate::Dice;
use crate::wire::{Handshake, Sight};

pub(super) type Stream = WebSocketStream<TcpStream>;

/// What comes after a connection.
pub(super) enum Next {
    /// Another one, after the usual wait.
    Wait,
    /// Another one, after that wait.
    After(Duration),
    /// Another one at once, at another node.
    Elsewhere,
}

pub(super) struct Connections {
    pub(super) start: V2Start,
    pub(super) shared: Arc<Shared>,
    pub(super) wanted: watch::Receiver<Wants>,
    pub(super) backoff: Backoff,
    node: usize,
}

impl Connections {
    pub(super) fn new(start: V2Start, shared: Arc<Shared>, wanted: watch::Receiver<Wants>) -> Self {
        let manners = &start.manners;
        let backoff = Backoff::new(manners.first_wait, manners.longest_wait, Dice::new(manners.seed));
        Self { start, shared, wanted, backoff, node: 0 }
    }

    /// Connects again and again, until it is aborted.
    pub(super) async fn live(mut self) {
        loop {
            self.until_wanted().await;
            let next = match self.connect().await {
                Some((stream, sight, credential)) => self.session(stream, sight, credential).await,
                None => {
                    self.node += 1;
                    Next::Wait
                }
            };
            let wait = match next {
                Next::Wait => self.backoff.next(),
                Next::After(least) => least + self.backoff.next(),
                Next::Elsewhere => {
                    self.node += 1;
                    Duration::ZERO
                }
            };
            self.pause(wait).await;
        }
    }

    async fn until_wanted(&mut self) {
        loop {
            let away = self.wanted.borrow_and_update().away;
            if !away && self.shared.raw().stays_out.is_none() {
                return;
            }
            if self.wanted.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits so long, less when it is sent away meanwhile.
    async fn pause(&mut self, wait: Duration) {
        let away = self.wanted.wait_for(|wants| wants.away);
        let _ = timeout(wait, away).await;
    }

    async fn connect(&self) -> Option<(Stream, Sight, String)> {
        let nodes = self.start.nodes.now();
        let server: SocketAddr = *nodes.get(self.node % nodes.len().max(1))?;
        let within = self.start.manners.greeting_within;
        let credential = match &self.start.credential {
            Credential::Token(token) => token.clone(),
            Credential::Ticket(person) => timeout(within, person.ticket()).await.ok()??,
        };
        let sight = Sight::at(server, &self.start.token, self.start.shop);
        let receive_buffer = self.start.manners.receive_buffer;
        let handshake = Handshake { server, path: "/infra/ws", protocol: Some("kefu.v2"), receive_buffer };
        let stream = timeout(within, handshake.open(&sight)).await.ok()?.ok()?;
        Some((stream, sight, credential))
    }

    async fn session(&mut self, stream: Stream, sight: Sight, credential: String) -> Next {
        let cuts = self.wanted.borrow().cuts;
        let session = Session::new(self, stream, sight, cuts);
        let (next, ending) = session.run(&credential).await;
        self.shared.with(|state| {
            state.endings.extend(ending);
            state.greeted = false;
            state.outbox.cut();
        });
        next
    }
}
