//! The places of each person.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kefu_domain::{Party, TenantId};
use tokio::sync::Notify;
use tokio::time::Instant;

type Person = (TenantId, Party);

/// Everybody who has a socket open.
pub(super) struct People {
    most: Option<NonZeroU32>,
    /// How long a socket must have been silent before a newer one of the same person may have its place.
    gives_way: Duration,
    since: Instant,
    seats: Mutex<HashMap<Person, Vec<Arc<Seat>>>>,
}

impl People {
    pub(super) fn new(most: Option<NonZeroU32>, gives_way: Duration) -> Self {
        Self { most, gives_way, since: Instant::now(), seats: Mutex::default() }
    }

    /// Takes a place, or says after how long one of the person's sockets would give way.
    pub(super) fn sit(&self, person: Person, now: Instant) -> Result<Arc<Seat>, Duration> {
        let seat = Arc::new(Seat { since: self.since, heard: AtomicU64::new(0), gone: Notify::new() });
        seat.heard(now);
        let Some(most) = self.most else { return Ok(seat) };
        let mut people = self.seats();
        let seats = people.entry(person).or_default();
        if seats.len() >= usize::try_from(most.get()).unwrap_or(usize::MAX) {
            // There is one: the limit is one at least.
            let silent = seats.iter().enumerate().map(|(n, seat)| (seat.silent(now), n)).max();
            let (silent, n) = silent.unwrap_or_default();
            if silent < self.gives_way {
                return Err(self.gives_way - silent);
            }
            seats.remove(n).gone.notify_one();
        }
        seats.push(seat.clone());
        Ok(seat)
    }

    /// Gives a place back, unless another has it already.
    pub(super) fn leave(&self, person: Person, seat: &Arc<Seat>) {
        let mut people = self.seats();
        let Some(seats) = people.get_mut(&person) else { return };
        seats.retain(|other| !Arc::ptr_eq(other, seat));
        if seats.is_empty() {
            people.remove(&person);
        }
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<Person, Vec<Arc<Seat>>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of somebody's.
pub(super) struct Seat {
    since: Instant,
    /// When its client was last heard, in milliseconds since then.
    heard: AtomicU64,
    gone: Notify,
}

impl Seat {
    pub(super) fn heard(&self, now: Instant) {
        self.heard.store(self.milliseconds(now), Ordering::Relaxed);
    }

    pub(super) async fn displaced(&self) {
        self.gone.notified().await;
    }

    fn silent(&self, now: Instant) -> Duration {
        Duration::from_millis(self.milliseconds(now).saturating_sub(self.heard.load(Ordering::Relaxed)))
    }

    fn milliseconds(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.since).as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use kefu_domain::MemberId;

    use super::*;

    const ALICE: Person = (TenantId(1), Party::Member(MemberId(1)));

    #[tokio::test(start_paused = true)]
    async fn the_socket_that_was_silent_for_longest_gives_way_and_none_that_is_in_use() {
        let people = People::new(NonZeroU32::new(3), Duration::from_secs(100));
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let seats: Vec<_> = (0..3).map(|second| people.sit(ALICE, at(second)).unwrap()).collect();
        seats[0].heard(at(20));

        assert_eq!(people.sit(ALICE, at(95)).err(), Some(Duration::from_secs(6)));
        let newer = people.sit(ALICE, at(101)).ok().unwrap();

        seats[1].displaced().await;
        assert!(futures_util::poll!(std::pin::pin!(seats[0].displaced())).is_pending());
        assert!(futures_util::poll!(std::pin::pin!(seats[2].displaced())).is_pending());
        people.leave(ALICE, &seats[1]);
        assert_eq!(people.seats()[&ALICE].len(), 3, "its place was another's when it left");
        [&seats[0], &seats[2], &newer].into_iter().for_each(|seat| people.leave(ALICE, seat));
        assert!(people.seats().is_empty(), "nothing is kept of somebody who has gone");
    }
}
