//! How much one person may upload in a day.
//!
//! Counted in this process since its start: a quota is there against floods, not for accounting.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kefu_domain::{Party, TenantId, Timestamp};
use moka::sync::Cache;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const DAY_MS: i64 = 24 * 3_600 * 1_000;

#[derive(Default)]
struct Used {
    day: i64,
    files: u32,
    bytes: u64,
}

/// What everybody has uploaded today.
#[derive(Clone)]
pub struct Quota {
    used: Cache<(TenantId, Party), Arc<Mutex<Used>>>,
    files: u32,
    bytes: u64,
}

impl Quota {
    /// Allows that many files and bytes per person and day (in UTC).
    #[must_use]
    pub fn new(files: u32, bytes: u64) -> Self {
        Self { used: Cache::builder().max_capacity(100_000).time_to_idle(DAY).build(), files, bytes }
    }

    /// Whether one more file may come.
    #[must_use]
    pub fn has_room(&self, tenant: TenantId, party: Party, now: Timestamp) -> bool {
        self.with(tenant, party, now, |used| used.files < self.files && used.bytes < self.bytes)
    }

    /// Takes room for a file of that length, or says that there is none.
    #[must_use]
    pub fn take(&self, tenant: TenantId, party: Party, bytes: u64, now: Timestamp) -> bool {
        self.with(tenant, party, now, |used| {
            let fits = used.files < self.files && used.bytes.saturating_add(bytes) <= self.bytes;
            if fits {
                used.files += 1;
                used.bytes += bytes;
            }
            fits
        })
    }

    fn with<T>(&self, tenant: TenantId, party: Party, now: Timestamp, change: impl FnOnce(&mut Used) -> T) -> T {
        let entry = self.used.get_with((tenant, party), Arc::default);
        let mut used = entry.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.0.div_euclid(DAY_MS);
        if used.day != day {
            *used = Used { day, ..Used::default() };
        }
        change(&mut used)
    }
}

#[cfg(test)]
mod tests {
    use kefu_domain::MemberId;

    use super::*;

    const TENANT: TenantId = TenantId(1);
    const ALICE: Party = Party::Member(MemberId(1));
    const NOON: Timestamp = Timestamp(DAY_MS * 20_000 + DAY_MS / 2);

    #[test]
    fn a_day_has_so_many_files() {
        let quota = Quota::new(2, 1_000);

        assert!(quota.take(TENANT, ALICE, 1, NOON) && quota.take(TENANT, ALICE, 1, NOON));

        assert!(!quota.has_room(TENANT, ALICE, NOON) && !quota.take(TENANT, ALICE, 1, NOON));
        assert!(quota.take(TENANT, Party::Member(MemberId(2)), 1, NOON), "somebody else");
        assert!(quota.take(TenantId(2), ALICE, 1, NOON), "the same number elsewhere");
        assert!(quota.take(TENANT, ALICE, 1, Timestamp(NOON.0 + DAY_MS)), "tomorrow");
    }

    #[test]
    fn a_day_has_so_many_bytes_and_a_refused_file_takes_none() {
        let quota = Quota::new(100, 1_000);

        assert!(quota.take(TENANT, ALICE, 600, NOON));
        assert!(!quota.take(TENANT, ALICE, 401, NOON));
        assert!(quota.take(TENANT, ALICE, 400, NOON));
        assert!(!quota.has_room(TENANT, ALICE, NOON));
    }
}
