//! Who may open another socket: so many in all, of one address and of one person, and so many handshakes in a second.
//!
//! A handshake takes a place in all and one of its address, and then waits for its turn: a storm of clients that come
//! back is spread, and nobody is sent away whose turn comes in a few seconds. Who they are may be known only later, so
//! the place of a person is taken in a second step. Places are given back by dropping them, and what is kept in mind
//! is bounded by the open sockets and by the handshakes of the last seconds.
//!
//! No place is taken for good by a page that was left behind: the mall's pages open another socket and leave the old
//! one open when a `pong` is late. So where a person is at the limit, that socket of theirs gives way which has been
//! silent for longest, if it was for long enough.

mod address;
mod pace;
mod person;
mod refused;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kefu_domain::{Party, TenantId};
use tokio::time::Instant;

pub use address::ClientAddress;
use pace::Pace;
use person::{People, Seat};
use refused::Reason;
pub(crate) use refused::Refused;

/// How many sockets there may be, and how fast they may be opened. More may come: end a literal with
/// `..SocketLimits::default()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketLimits {
    /// Sockets in all; `None`, which is the default, is no limit but the process's.
    pub total: Option<NonZeroU32>,
    /// Sockets of one [`ClientAddress`]; 200 unless said otherwise, `None` is no limit.
    pub per_address: Option<NonZeroU32>,
    /// Sockets of one person; 20 unless said otherwise, `None` is no limit.
    pub per_person: Option<NonZeroU32>,
    /// Handshakes in a second, a second's worth at once; 2,000 unless said otherwise, `None` is no limit.
    pub handshakes: Option<NonZeroU32>,
    /// The same for each address; 100 unless said otherwise.
    pub handshakes_per_address: Option<NonZeroU32>,
    /// How long a handshake may wait for its turn before it is refused instead; 5 s unless said otherwise.
    pub wait: Duration,
    /// How long a socket must have been silent before a newer one of the same person may have its place; 100 s unless
    /// said otherwise. A hidden tab pings once a minute, and would come back at once if it were closed in between.
    pub gives_way: Duration,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            total: None,
            per_address: NonZeroU32::new(200),
            per_person: NonZeroU32::new(20),
            handshakes: NonZeroU32::new(2_000),
            handshakes_per_address: NonZeroU32::new(100),
            wait: Duration::from_secs(5),
            gives_way: Duration::from_secs(100),
        }
    }
}

/// The places that there are; clones share them.
#[derive(Clone)]
pub(crate) struct Admission(Arc<House>);

struct House {
    limits: SocketLimits,
    open: AtomicU32,
    addresses: Mutex<HashMap<ClientAddress, u32>>,
    people: People,
    pace: Pace,
}

impl Admission {
    pub(crate) fn new(limits: SocketLimits) -> Self {
        let pace = Pace::new(&limits);
        let people = People::new(limits.per_person, limits.gives_way);
        Self(Arc::new(House { limits, open: AtomicU32::new(0), addresses: Mutex::default(), people, pace }))
    }

    /// Takes a place for a handshake, and waits for its turn. Without an address only the limits of all hold.
    pub(crate) async fn connect(&self, address: Option<ClientAddress>) -> Result<Connected, Refused> {
        let connected = self.place(address).map_err(Refused::counted)?;
        let now = Instant::now();
        let wait = self.0.pace.turn(address, now).map_err(|after| Refused { reason: Reason::Pace, retry_after: after });
        let wait = wait.map_err(Refused::counted)?;
        metrics::histogram!("kefu_handshake_wait_seconds").record(wait.as_secs_f64());
        if !wait.is_zero() {
            tokio::time::sleep_until(now + wait).await;
        }
        Ok(connected)
    }

    fn place(&self, address: Option<ClientAddress>) -> Result<Connected, Refused> {
        let house = &self.0;
        let most = house.limits.total.map_or(u32::MAX, NonZeroU32::get);
        let more = |open| if open < most { Some(open + 1) } else { None };
        if house.open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            return Err(Refused::at_once(Reason::Total));
        }
        // From here on dropping gives back.
        let mut connected = Connected { house: house.clone(), address: None };
        if let (Some(address), Some(most)) = (address, house.limits.per_address) {
            let mut addresses = house.addresses();
            let open = addresses.get(&address).copied().unwrap_or_default();
            if open >= most.get() {
                drop(addresses);
                return Err(Refused::at_once(Reason::Address));
            }
            addresses.insert(address, open + 1);
            connected.address = Some(address);
        }
        Ok(connected)
    }
}

impl House {
    fn addresses(&self) -> MutexGuard<'_, HashMap<ClientAddress, u32>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for a socket whose owner is not known yet. Dropping it gives it back.
#[must_use = "whoever drops it has left"]
pub(crate) struct Connected {
    house: Arc<House>,
    /// Where it counts for one.
    address: Option<ClientAddress>,
}

impl Connected {
    /// Takes a place among the person's as well, that of another socket of theirs if need be.
    pub(crate) fn is(self, tenant: TenantId, party: Party) -> Result<Admitted, Refused> {
        let after = |after| Refused { reason: Reason::Person, retry_after: after }.counted();
        let seat = self.house.people.sit((tenant, party), Instant::now()).map_err(after)?;
        Ok(Admitted { connected: self, person: (tenant, party), seat })
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.house.open.fetch_sub(1, Ordering::Relaxed);
        let Some(address) = self.address else { return };
        let mut addresses = self.house.addresses();
        match addresses.get_mut(&address) {
            Some(open) if *open > 1 => *open -= 1,
            _ => drop(addresses.remove(&address)),
        }
    }
}

/// A place for a socket of somebody's. Dropping it gives it back.
#[must_use = "whoever drops it has left"]
pub(crate) struct Admitted {
    connected: Connected,
    person: (TenantId, Party),
    seat: Arc<Seat>,
}

impl Admitted {
    /// The client was heard: this socket is in use.
    pub(crate) fn heard(&self) {
        self.seat.heard(Instant::now());
    }

    /// Ends when another socket of the same person has taken this place.
    pub(crate) async fn displaced(&self) {
        self.seat.displaced().await;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.connected.house.people.leave(self.person, &self.seat);
    }
}

#[cfg(test)]
mod tests;
