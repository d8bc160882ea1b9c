//! When whose turn is: a bucket of a second's worth, and behind it a line that is no longer than some seconds.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{ClientAddress, SocketLimits};

/// What a bucket holds.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Addresses that are told apart, some 4 MB. Beyond it only the limit of all holds, for those that are new.
const ADDRESSES: usize = 65_536;
/// Fewer are not looked through for some that can be forgotten.
const FEW: usize = 1_024;

/// Gives turns, all of them and those of one address evenly.
pub(super) struct Pace {
    all: Option<Duration>,
    each: Option<Duration>,
    wait: Duration,
    buckets: Mutex<Buckets>,
}

/// Each bucket as the moment at which it will be full again.
struct Buckets {
    all: Option<Instant>,
    each: HashMap<ClientAddress, Instant>,
    /// Those that are full are forgotten after this moment.
    tidy_after: Option<Instant>,
}

impl Pace {
    pub(super) fn new(limits: &SocketLimits) -> Self {
        let every = |rate: Option<NonZeroU32>| rate.map(|rate| Duration::from_secs(1) / rate.get());
        let buckets = Buckets { all: None, each: HashMap::new(), tidy_after: None };
        Self {
            all: every(limits.handshakes),
            each: every(limits.handshakes_per_address),
            wait: limits.wait,
            buckets: Mutex::new(buckets),
        }
    }

    /// Takes a turn, and says how long it is until then; or takes none, and says when there may be one.
    pub(super) fn turn(&self, address: Option<ClientAddress>, now: Instant) -> Result<Duration, Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.tidy(now);
        let known = address.filter(|address| buckets.each.len() < ADDRESSES || buckets.each.contains_key(address));
        let all = self.all.map(|every| after(buckets.all, every, now));
        let each = known.zip(self.each).map(|(address, every)| {
            let bucket = buckets.each.get(&address).copied();
            (address, after(bucket, every, now))
        });

        // Until both have one: the turn that an address has to wait for is no other's.
        let full = all.max(each.map(|(_, full)| full)).unwrap_or(now);
        let wait = (full - now).saturating_sub(AT_ONCE);
        if wait > self.wait {
            return Err(wait - self.wait);
        }
        buckets.all = all.or(buckets.all);
        buckets.each.extend(each);
        Ok(wait)
    }
}

/// When a bucket will be full again from which one more was taken.
fn after(bucket: Option<Instant>, every: Duration, now: Instant) -> Instant {
    bucket.map_or(now, |full| full.max(now)) + every
}

impl Buckets {
    /// At most once in a second: while a flood of addresses goes on there may be nothing to forget.
    fn tidy(&mut self, now: Instant) {
        if self.each.len() >= FEW && self.tidy_after.is_none_or(|moment| moment <= now) {
            self.each.retain(|_, full| *full > now);
            self.tidy_after = Some(now + AT_ONCE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn pace(all: u32, each: u32, wait: u64) -> Pace {
        Pace::new(&SocketLimits {
            handshakes: NonZeroU32::new(all),
            handshakes_per_address: NonZeroU32::new(each),
            wait: Duration::from_secs(wait),
            ..SocketLimits::default()
        })
    }

    fn address(number: u32) -> Option<ClientAddress> {
        Some(ClientAddress::new(IpAddr::V4(Ipv4Addr::from_bits(number))))
    }

    fn milliseconds(turns: impl IntoIterator<Item = Result<Duration, Duration>>) -> Vec<Result<u128, u128>> {
        turns.into_iter().map(|turn| turn.map(|wait| wait.as_millis()).map_err(|after| after.as_millis())).collect()
    }

    #[test]
    fn a_seconds_worth_comes_in_at_once_and_the_rest_one_after_the_other() {
        let (pace, now) = (pace(4, 0, 1), Instant::now());

        let turns = milliseconds((0..10).map(|_| pace.turn(None, now)));

        assert_eq!(turns[..4], [Ok(0); 4]);
        assert_eq!(turns[4..8], [Ok(250), Ok(500), Ok(750), Ok(1_000)]);
        assert_eq!(turns[8..], [Err(250), Err(250)], "who is refused takes no turn");
        let later = now + Duration::from_millis(250);
        assert_eq!(milliseconds([pace.turn(None, later), pace.turn(None, later)]), [Ok(1_000), Err(250)]);
        assert_eq!(milliseconds([pace.turn(None, now + Duration::from_secs(60))]), [Ok(0)]);
    }

    #[test]
    fn five_thousand_who_come_back_at_once_are_in_within_two_seconds() {
        let (pace, now) = (pace(2_000, 100, 5), Instant::now());

        let longest = (0..5_000).map(|_| pace.turn(None, now).unwrap()).max();

        assert!(longest.unwrap() <= Duration::from_millis(1_500), "{longest:?}");
    }

    #[test]
    fn the_line_of_one_address_keeps_nobody_else_waiting() {
        let (pace, now) = (pace(100, 2, 1), Instant::now());

        let turns = milliseconds((0..1_000).map(|_| pace.turn(address(1), now)));

        assert_eq!(turns[..4], [Ok(0), Ok(0), Ok(500), Ok(1_000)]);
        assert!(turns[4..].iter().all(|turn| *turn == Err(500)));
        let others = milliseconds((2..98).map(|number| pace.turn(address(number), now)));
        assert_eq!(others, [Ok(0); 96], "what was refused counts for nobody");
        assert_eq!(milliseconds([pace.turn(address(98), now)]), [Ok(10)]);
    }

    #[test]
    fn addresses_are_forgotten_once_they_have_everything_again() {
        let (pace, start) = (pace(0, 2, 1), Instant::now());
        for (number, second) in (0..50_000).zip((0..100).flat_map(|second| [second; 500])) {
            assert_eq!(pace.turn(address(number), start + Duration::from_secs(second)), Ok(Duration::ZERO));
        }

        assert!(pace.buckets.lock().unwrap().each.len() <= 2 * FEW);
    }

    #[test]
    fn more_addresses_than_can_be_told_apart_cost_no_more_memory() {
        let (pace, now) = (pace(0, 1, 0), Instant::now());

        let let_in = (0..100_000).filter(|number| pace.turn(address(*number), now).is_ok()).count();

        assert_eq!(let_in, 100_000);
        assert_eq!(pace.buckets.lock().unwrap().each.len(), ADDRESSES);
        assert!(pace.turn(address(1), now).is_err(), "those that are known still have their limit");
    }
}
