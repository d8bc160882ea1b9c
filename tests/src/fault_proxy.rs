//! A line that a test may spoil: a TCP proxy before a server, a database or a Redis.
//!
//! It passes bytes on as they come until it is told otherwise: late, in pieces, one way only, or not at all; and it
//! cuts a line now, after so many bytes, or where certain bytes are about to pass. All that it does by chance it does
//! by its seed. What it holds of a line is bounded, so a side that does not read is felt by the other. It ends with
//! its drop, and every line with it.
//!
//! TCP loses nothing of a line that lives on. So a stalled line keeps its bytes for later, and one of which something
//! vanished is reset when the proxy is healed.

mod line;
mod plan;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use plan::{Cut, Way};

use crate::{Dice, PATIENCE};
use line::Line;
use plan::{Flow, Plan, Trap};

/// More lines than any test opens; further ones are refused.
const MOST_LINES: usize = 12_000;

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
        let (_, _, host, _) = taken_apart(url);
        Self::before(host.parse().expect("an address with a port"), seed).await
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

/// An address of the settings with another host and port.
pub(crate) fn led_through(url: &str, address: SocketAddr) -> String {
    let (scheme, login, _, tail) = taken_apart(url);
    format!("{scheme}://{login}{address}{tail}")
}

/// The scheme, the login with its `@`, the host and port, and the rest.
fn taken_apart(url: &str) -> (&str, &str, &str, &str) {
    let (scheme, rest) = url.split_once("://").expect("an address with a scheme");
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (login, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    (scheme, login, host, tail)
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

/// Takes in whoever comes, until it is aborted; the lines end with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>, mut dice: Dice) {
    let mut lines = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = lines.join_next() => continue,
        };
        let Ok((client, _)) = accepted else {
            // Too many open files: others have to close theirs first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let refuses = shared.plan.borrow().refuses || shared.lines.load(Ordering::SeqCst) >= MOST_LINES;
        if refuses {
            send_away(client, &shared);
            continue;
        }
        let place = Place::take(&shared);
        let seeds = [dice.roll(), dice.roll()];
        lines.spawn(async move {
            let target = place.0.plan.borrow().target;
            match TcpStream::connect(target).await {
                Ok(server) => {
                    place.0.counts.send_modify(|counts| counts.opened += 1);
                    Line::new(client, server, place.0.clone(), seeds).run().await;
                    place.0.counts.send_modify(|counts| counts.ended += 1);
                }
                Err(_) => send_away(client, &place.0),
            }
        });
    }
}

/// A line's place among the lines, given back however the line ends.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Self {
        shared.lines.fetch_add(1, Ordering::SeqCst);
        Self(shared.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lines.fetch_sub(1, Ordering::SeqCst);
    }
}

fn send_away(client: TcpStream, shared: &Shared) {
    // As if nobody listened: the client sees a reset and not an end.
    let _ = client.set_zero_linger();
    drop(client);
    shared.counts.send_modify(|counts| counts.refused += 1);
}
