//! How a client is set up.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::V2Client;
use crate::backend::fresh_seed;
use crate::{Person, Server};

/// Where the nodes are, asked anew before each connection: a server that was restarted listens elsewhere.
#[derive(Clone)]
pub struct Nodes(Arc<dyn Fn() -> Vec<SocketAddr> + Send + Sync>);

impl Nodes {
    /// Wherever they are at the time.
    #[must_use]
    pub fn wherever(look: impl Fn() -> Vec<SocketAddr> + Send + Sync + 'static) -> Self {
        Self(Arc::new(look))
    }

    /// These servers, wherever they are at the time.
    #[must_use]
    pub fn of(servers: &[&Server]) -> Self {
        let doors: Vec<_> = servers.iter().map(|server| server.door().clone()).collect();
        Self::wherever(move || doors.iter().map(crate::door::Door::address).collect())
    }

    pub(super) fn now(&self) -> Vec<SocketAddr> {
        (self.0)()
    }
}

impl From<Vec<SocketAddr>> for Nodes {
    fn from(addresses: Vec<SocketAddr>) -> Self {
        Self::wherever(move || addresses.clone())
    }
}

impl<const N: usize> From<[SocketAddr; N]> for Nodes {
    fn from(addresses: [SocketAddr; N]) -> Self {
        addresses.to_vec().into()
    }
}

impl From<SocketAddr> for Nodes {
    fn from(address: SocketAddr) -> Self {
        vec![address].into()
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nodes at {:?}", self.now())
    }
}

/// How a client behaves. The defaults are the package's rules at a pace for tests.
#[derive(Debug, Clone)]
pub struct Manners {
    /// Of everything that it does by chance.
    pub seed: u64,
    /// The bound of the first wait before it comes back; each further one doubles.
    pub first_wait: Duration,
    /// The bound of the longest wait before it comes back.
    pub longest_wait: Duration,
    /// How long the server may take to greet it.
    pub greeting_within: Duration,
    /// How often it says that it lives; as the server asks, where nothing is said here.
    pub heartbeat: Option<Duration>,
    /// How long after applying it says what it has.
    pub receive_after: Duration,
    /// How long an answer may take before it says the same again.
    pub ack_within: Duration,
    /// How many sendings are on their way at once.
    pub window: usize,
    /// How much the kernel takes in for it while it does not read, in bytes.
    pub receive_buffer: Option<u32>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            seed: fresh_seed(),
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(1),
            greeting_within: Duration::from_secs(5),
            heartbeat: None,
            receive_after: Duration::from_millis(500),
            ack_within: Duration::from_secs(5),
            window: 1,
            receive_buffer: None,
        }
    }
}

/// What a client shows in its first frame.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    Token(String),
    /// A ticket of this person, a new one for each connection.
    Ticket(Person),
}

/// A client that has not begun.
#[derive(Debug, Clone)]
pub struct V2Start {
    pub(super) nodes: Nodes,
    pub(super) token: String,
    pub(super) credential: Credential,
    pub(super) of_member: bool,
    pub(super) shop: i64,
    pub(super) manners: Manners,
}

impl V2Start {
    /// A member who shows that token.
    #[must_use]
    pub fn member(nodes: impl Into<Nodes>, token: &str) -> Self {
        let (nodes, token) = (nodes.into(), token.to_owned());
        let credential = Credential::Token(token.clone());
        Self { nodes, token, credential, of_member: true, shop: 0, manners: Manners::default() }
    }

    /// An admin who shows that token.
    #[must_use]
    pub fn admin(nodes: impl Into<Nodes>, token: &str) -> Self {
        Self { of_member: false, ..Self::member(nodes, token) }
    }

    /// Connects to these nodes, in turn.
    #[must_use]
    pub fn at(self, nodes: impl Into<Nodes>) -> Self {
        Self { nodes: nodes.into(), ..self }
    }

    /// A member at a shop.
    #[must_use]
    pub fn shop(self, shop: i64) -> Self {
        Self { shop, ..self }
    }

    /// Shows a one-time ticket, which it gets with that person's token, instead of the token.
    #[must_use]
    pub fn with_tickets_of(self, person: &Person) -> Self {
        Self { credential: Credential::Ticket(person.clone()), ..self }
    }

    /// Behaves otherwise.
    #[must_use]
    pub fn but(mut self, change: impl FnOnce(&mut Manners)) -> Self {
        change(&mut self.manners);
        self
    }

    /// Connects, and goes on trying until it succeeds.
    #[must_use]
    pub fn join(self) -> V2Client {
        V2Client::begin(self)
    }
}
