//! How often somebody may come: a minute's worth at once, refilled evenly.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kefu_web::ApiError;

/// How many there are between two looks at who can be forgotten.
const TIDY_EVERY: usize = 10_000;

/// A bucket for each of many.
pub(super) struct Pace<K: Hash + Eq + Clone> {
    buckets: DefaultKeyedRateLimiter<K>,
    taken: AtomicUsize,
}

impl<K: Hash + Eq + Clone> Pace<K> {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        Self { buckets: RateLimiter::keyed(Quota::per_minute(per_minute)), taken: AtomicUsize::new(0) }
    }

    /// Takes one, or says in how many seconds there will be one.
    pub(super) fn take(&self, key: &K) -> Result<(), ApiError> {
        let taken = self.buckets.check_key(key);
        if self.taken.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.buckets.retain_recent();
        }
        taken.map_err(|until| ApiError::TooMany(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1))
    }
}

/// A bucket for each address.
pub(super) struct ByAddress(Pace<IpAddr>);

impl ByAddress {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        Self(Pace::new(per_minute))
    }

    /// Takes one, or says in how many seconds there will be one.
    pub(super) fn take(&self, address: IpAddr) -> Result<(), ApiError> {
        self.0.take(&of_one(address))
    }
}

/// What stands for everything that one household has: of version 6 it is a whole network of 64 bits.
pub(super) fn of_one(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_version_6_is_one_address_and_others_are_not_touched() {
        let pace = ByAddress::new(NonZeroU32::new(2).unwrap());
        let take = |address: &str| pace.take(address.parse().unwrap()).map_err(|error| error.code());

        assert_eq!([take("2001:db8::1"), take("2001:db8::2"), take("2001:db8::3")], [Ok(()), Ok(()), Err(429)]);
        assert_eq!([take("2001:db8:0:1::1"), take("192.0.2.1"), take("192.0.2.2")], [Ok(()); 3]);
    }
}
