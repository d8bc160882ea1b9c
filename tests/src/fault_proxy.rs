//! A line that a test may spoil: a TCP proxy before a server, a database or a Redis.
//!
//! It passes bytes on as they come until it is told otherwise: late, in pieces, one way only, or not at all; and it
//! cuts a line now, after so many bytes, or where certain bytes are about to pass. All that it does by chance it does
//! by its seed. What it holds of a line is bounded, so a side that does not read is felt by the other. It ends with
//! its drop, and every line with it.
//!
//! TCP loses nothing of a line that lives on. So a stalled line keeps its bytes for later, and one of which something
//! vanished is reset when the proxy is healed.

mod address;
mod door;
mod line;
mod plan;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

pub(crate) use address::led_through;
pub use plan::{Cut, Way};

use crate::{Dice, PATIENCE};
use address::place_of;
use door::accept;
use plan::{Flow, Plan, Trap};

/// What the handle, the acceptor and the lines share.
struct Shared {
    plan: watch::Sender<Plan>,
    counts: watch::Sender<Counts>,
    carried: [AtomicU64; 2],
    lines: AtomicUsize,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines that were opened to the target.
    pub opened: usize,
    /// Lines that have ended, however they did.
    pub ended: usize,
    /// Lines that the proxy cut.
    pub cut: usize,
    /// Who came and was sent away.
    pub refused: usize,
}

/// A proxy on a port of its own.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: tokio::task::JoinHandle<()>,
}

impl FaultProxy {
    /// A proxy before that address, with that seed.
    ///
    /// # Panics
    ///
    /// When there is no port left.
    pub async fn before(target: SocketAddr, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its own address");
        let shared = Arc::new(Shared {
            plan: watch::channel(Plan::to(target)).0,
            counts: watch::channel(Counts::default()).0,
            carried: Default::default(),
            lines: AtomicUsize::new(0),
        });
        let acceptor = tokio::spawn(accept(listener, shared.clone(), Dice::new(seed)));
        Self { address, shared, acceptor }
    }

    /// A proxy before what an address of the settings leads to, which names its port.
    ///
    /// # Panics
    ///
    /// When it does not, or there is no port left.
    pub async fn before_url(url: &str, seed: u64) -> Self {
        Self::before(place_of(url), seed).await
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// An address of the settings, led through this proxy: `mysql://…@HOST:PORT/…` and `redis://HOST:PORT` with
    /// another host and port. The rest stays.
    ///
    /// # Panics
    ///
    /// When it names no host.
    #[must_use]
    pub fn in_place_of(&self, url: &str) -> String {
        led_through(url, self.address)
    }

    /// Leads new lines to another address: a server that was restarted listens elsewhere.
    pub fn lead_to(&self, target: SocketAddr) {
        self.change(|plan| plan.target = target);
    }

    /// Leads new lines to what an address of the settings leads to, which names its port.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn lead_to_url(&self, url: &str) {
        self.lead_to(place_of(url));
    }

    /// Has every byte of that way take so long, and at most so much longer by chance. The order stays.
    pub fn delay(&self, way: Way, base: Duration, jitter: Duration) {
        self.change(|plan| {
            let road = plan.road_mut(way);
            (road.delay, road.jitter) = (base, jitter);
        });
    }

    /// Passes bytes on in pieces of 1 to `most` bytes, both ways.
    pub fn slice(&self, most: usize) {
        assert!(most > 0, "a piece has at least one byte");
        self.change(|plan| Way::BOTH.into_iter().for_each(|way| plan.road_mut(way).slice = Some(most)));
    }

    /// Passes nothing on that way for now, not even an end; it comes later, and the sender feels that nobody reads.
    pub fn stall(&self, way: Way) {
        self.change(|plan| plan.road_mut(way).flow = Flow::Stalls);
    }

    /// Takes everything on both ways and passes nothing on, not even an end: both sides believe in the line, and it
    /// is dead.
    pub fn vanish(&self) {
        self.change(|plan| Way::BOTH.into_iter().for_each(|way| plan.road_mut(way).flow = Flow::Vanishes));
    }

    /// Sends away whoever comes.
    pub fn refuse(&self) {
        self.change(|plan| plan.refuses = true);
    }

    /// Is a good line again, for old lines and new ones. Lines of which something vanished are reset; traps stay.
    pub fn heal(&self) {
        self.change(Plan::heal);
    }

    /// Cuts every line there is.
    pub fn cut(&self, how: Cut) {
        self.change(|plan| plan.cuts = (plan.cuts.0 + 1, how));
    }

    /// Cuts the line over which so many bytes more have passed that way, of all lines together, behind the last of
    /// them. Once.
    pub fn cut_after(&self, way: Way, bytes: usize, how: Cut) {
        self.change(|plan| plan.traps.push(Trap::after(way, bytes, how)));
    }

    /// Cuts the line over which these bytes are about to pass that way, before the first of them that has not passed.
    /// Once.
    ///
    /// What a client says over a WebSocket is masked: of such lines only [`Way::Down`] can be read.
    pub fn cut_before(&self, way: Way, pattern: &[u8], how: Cut) {
        assert!(!pattern.is_empty(), "something to wait for");
        self.change(|plan| plan.traps.push(Trap::before(way, pattern, how)));
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.shared.counts.borrow()
    }

    /// How many lines there are now.
    #[must_use]
    pub fn lines(&self) -> usize {
        let counts = self.counts();
        counts.opened - counts.ended
    }

    /// How many bytes were passed on that way.
    #[must_use]
    pub fn carried(&self, way: Way) -> u64 {
        self.shared.carried[way as usize].load(Ordering::SeqCst)
    }

    /// Waits until that has happened.
    pub async fn until(&self, what: &str, mut holds: impl FnMut(&Counts) -> bool) -> Counts {
        let mut counts = self.shared.counts.subscribe();
        let reached = tokio::time::timeout(PATIENCE, counts.wait_for(|counts| holds(counts))).await;
        match reached {
            Ok(Ok(counts)) => *counts,
            _ => panic!("in vain waited for {what}: {:?}", self.counts()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Plan)) {
        self.shared.plan.send_modify(change);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}
