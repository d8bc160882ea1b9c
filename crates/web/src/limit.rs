//! How fast may be written: by one person, and by all members of one shop together.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use kefu_domain::{Party, Scope, ShopId, TenantId};

use crate::ApiError;

/// How many takings there are between two looks at what can be forgotten.
const TIDY_EVERY: usize = 10_000;

/// A token bucket for each of many: a minute's worth at once, refilled evenly.
pub struct PerMinute<K: Hash + Eq + Clone> {
    buckets: DefaultKeyedRateLimiter<K>,
    taken: AtomicUsize,
}

impl<K: Hash + Eq + Clone> PerMinute<K> {
    /// So many in a minute for each.
    #[must_use]
    pub fn new(most: NonZeroU32) -> Self {
        Self { buckets: RateLimiter::keyed(Quota::per_minute(most)), taken: AtomicUsize::new(0) }
    }

    /// Takes one, or says in how many seconds there will be one ([`ApiError::TooMany`]).
    pub fn take(&self, key: &K) -> Result<(), ApiError> {
        let taken = self.buckets.check_key(key);
        // Full buckets are forgotten now and then, so that the memory is bounded by who came lately.
        if self.taken.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.buckets.retain_recent();
        }
        taken.map_err(|until| ApiError::TooMany(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1))
    }
}

/// What may be sent in a minute.
pub(crate) struct SendLimit {
    people: Option<PerMinute<(TenantId, Party)>>,
    shops: Option<PerMinute<Scope>>,
}

impl SendLimit {
    pub(crate) fn new(of_person: Option<NonZeroU32>, of_shop: Option<NonZeroU32>) -> Self {
        Self { people: of_person.map(PerMinute::new), shops: of_shop.map(PerMinute::new) }
    }

    /// Takes what one message costs, or says in how many seconds there will be enough. A member names the shop they
    /// write to. An agent names none: agents must be able to answer while members flood their shop.
    pub(crate) fn take(&self, tenant: TenantId, party: Party, shop: Option<ShopId>) -> Result<(), ApiError> {
        if let Some(people) = &self.people {
            people.take(&(tenant, party))?;
        }
        match (&self.shops, shop) {
            (Some(shops), Some(shop)) => shops.take(&Scope { tenant, shop }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use kefu_domain::{AdminId, MemberId};

    use super::*;

    const MALL: TenantId = TenantId(1);

    fn member(id: i64) -> Party {
        Party::Member(MemberId(id))
    }

    #[test]
    fn who_writes_too_fast_is_told_when_to_try_again_and_others_are_not_touched() {
        let limit = SendLimit::new(NonZeroU32::new(3), None);
        for _ in 0..3 {
            limit.take(MALL, member(1), None).unwrap();
        }

        let refused = limit.take(MALL, member(1), None).unwrap_err();

        assert!(matches!(refused, ApiError::TooMany(1..=21)), "{refused:?}");
        limit.take(MALL, member(2), None).unwrap();
        limit.take(TenantId(2), member(1), None).unwrap();
    }

    #[test]
    fn one_flooded_shop_leaves_the_others_and_its_own_agents_alone() {
        let limit = SendLimit::new(NonZeroU32::new(60), NonZeroU32::new(100));
        let flood = (0..1_000).filter(|id| limit.take(MALL, member(*id), Some(ShopId(3))).is_ok()).count();

        let refused = limit.take(MALL, member(5_000), Some(ShopId(3))).unwrap_err();

        assert!((100..110).contains(&flood), "{flood}");
        assert!(matches!(refused, ApiError::TooMany(1)), "{refused:?}");
        limit.take(MALL, member(5_000), Some(ShopId(4))).unwrap();
        limit.take(TenantId(2), member(5_000), Some(ShopId(3))).unwrap();
        limit.take(MALL, Party::Admin(AdminId(7)), None).unwrap();
    }

    #[test]
    fn one_person_cannot_use_up_what_a_shop_has() {
        let limit = SendLimit::new(NonZeroU32::new(10), NonZeroU32::new(50));
        let flood = (0..1_000).filter(|_| limit.take(MALL, member(1), Some(ShopId(3))).is_ok()).count();

        assert!((10..15).contains(&flood), "{flood}");
        (2..6).for_each(|id| (0..9).for_each(|_| limit.take(MALL, member(id), Some(ShopId(3))).unwrap()));
    }
}
