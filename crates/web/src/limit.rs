//! How fast one person may write.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kefu_domain::{Party, TenantId};

use crate::ApiError;

/// A token bucket for each sender: a minute's worth at once, refilled evenly.
pub(crate) struct SendLimit {
    buckets: Option<DefaultKeyedRateLimiter<(TenantId, Party)>>,
    taken: AtomicUsize,
}

/// How many sends there are between two looks at what can be forgotten.
const TIDY_EVERY: usize = 10_000;

impl SendLimit {
    pub(crate) fn new(per_minute: Option<NonZeroU32>) -> Self {
        let buckets = per_minute.map(|messages| RateLimiter::keyed(Quota::per_minute(messages)));
        Self { buckets, taken: AtomicUsize::new(0) }
    }

    /// Takes one token, or says in how many seconds there will be one.
    pub(crate) fn take(&self, tenant: TenantId, party: Party) -> Result<(), ApiError> {
        let Some(buckets) = &self.buckets else { return Ok(()) };
        let taken = buckets.check_key(&(tenant, party));
        // Full buckets are forgotten now and then, so that the memory is bounded by who is writing.
        if self.taken.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            buckets.retain_recent();
        }
        taken.map_err(|until| ApiError::TooMany(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1))
    }
}

#[cfg(test)]
mod tests {
    use kefu_domain::MemberId;

    use super::*;

    #[test]
    fn who_writes_too_fast_is_told_when_to_try_again_and_others_are_not_touched() {
        let limit = SendLimit::new(NonZeroU32::new(3));
        let (alice, bob) = (Party::Member(MemberId(1)), Party::Member(MemberId(2)));
        for _ in 0..3 {
            limit.take(TenantId(1), alice).unwrap();
        }

        let refused = limit.take(TenantId(1), alice).unwrap_err();

        assert!(matches!(refused, ApiError::TooMany(1..=21)), "{refused:?}");
        limit.take(TenantId(1), bob).unwrap();
        limit.take(TenantId(2), alice).unwrap();
    }
}
