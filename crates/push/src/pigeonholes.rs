//! All pigeonholes, and which of them are about to be forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kefu_domain::{MemberId, Party, Permission, Recipient, Scope, Shops, TenantId};
use tokio::time::Instant;

use crate::guest::{Credential, Guest};
use crate::pigeonhole::{KEPT_FOR, Pigeonhole};

/// So many who are away are remembered; of more, those who left last.
const ABSENCES: usize = 100_000;

const FIRST: Credential = Credential([u8::MIN; 16]);
const LAST: Credential = Credential([u8::MAX; 16]);

type Key = (TenantId, Party, Credential);

#[derive(Default)]
pub(crate) struct Pigeonholes {
    kept: BTreeMap<Key, Kept>,
    by_credential: BTreeSet<(Credential, TenantId, Party)>,
    by_scope: BTreeMap<(Scope, Party, Credential), Arc<Pigeonhole>>,
    /// Those without a socket, by when the last one left.
    absent: BTreeSet<(Instant, Key)>,
}

struct Kept {
    hole: Arc<Pigeonhole>,
    /// Those that any of its sockets was at.
    shops: Shops,
    sockets: usize,
    left: Instant,
}

impl Pigeonholes {
    /// Somebody's pigeonhole, and whether it was there before; `None` for those who hear nothing that is kept, and
    /// for those who cannot be recognised.
    pub(crate) fn open(&mut self, guest: &Guest, now: Instant) -> Option<(Arc<Pigeonhole>, bool)> {
        let reads = match guest.party {
            Party::Member(_) => true,
            Party::Admin(_) => guest.permissions.contains(&Permission::MessageQuery),
            Party::System => false,
        };
        let credential = guest.credential.filter(|_| reads)?;
        let key = (guest.tenant, guest.party, credential);
        self.forget_the_old(now);

        let fresh = || Kept { hole: Arc::default(), shops: guest.shops.clone(), sockets: 0, left: now };
        let had = self.kept.contains_key(&key);
        let kept = self.kept.entry(key).or_insert_with(fresh);
        self.by_credential.insert((credential, guest.tenant, guest.party));
        self.absent.remove(&(kept.left, key));
        kept.sockets += 1;
        kept.shops = kept.shops.iter().chain(guest.shops.iter()).copied().collect::<Shops>().bounded();
        for &shop in kept.shops.iter() {
            let scope = Scope { tenant: guest.tenant, shop };
            self.by_scope.insert((scope, guest.party, credential), Arc::clone(&kept.hole));
        }
        Some((Arc::clone(&kept.hole), had))
    }

    /// One of its sockets has gone.
    pub(crate) fn leave(&mut self, guest: &Guest, hole: &Arc<Pigeonhole>, now: Instant) {
        let Some(credential) = guest.credential else { return };
        let key = (guest.tenant, guest.party, credential);
        let Some(kept) = self.kept.get_mut(&key).filter(|kept| Arc::ptr_eq(&kept.hole, hole)) else { return };
        kept.sockets -= 1;
        if kept.sockets > 0 {
            return;
        }

        kept.left = now;
        self.absent.insert((now, key));
        self.forget_the_old(now);
        if self.absent.len() > ABSENCES
            && let Some((_, key)) = self.absent.pop_first()
        {
            self.remove(key);
        }
    }

    /// Forgets everything that was kept for this token.
    pub(crate) fn forget(&mut self, credential: Credential) {
        let first = (credential, TenantId(i64::MIN), Party::Member(MemberId(i64::MIN)));
        let last = (credential, TenantId(i64::MAX), Party::System);
        let theirs: Vec<_> = self.by_credential.range(first..=last).copied().collect();
        for (credential, tenant, party) in theirs {
            let key = (tenant, party, credential);
            if let Some(kept) = self.kept.get(&key) {
                self.absent.remove(&(kept.left, key));
            }
            self.remove(key);
        }
    }

    /// The pigeonhole of somebody's token, or, of a token that no socket came with, all of theirs.
    pub(crate) fn of(&self, tenant: TenantId, party: Party, credential: Option<Credential>) -> Vec<Arc<Pigeonhole>> {
        if let Some(kept) = credential.and_then(|credential| self.kept.get(&(tenant, party, credential))) {
            return vec![Arc::clone(&kept.hole)];
        }
        let all = (tenant, party, FIRST)..=(tenant, party, LAST);
        self.kept.range(all).map(|(_, kept)| Arc::clone(&kept.hole)).collect()
    }

    /// Adds those of a recipient to `found`, with whose they are.
    pub(crate) fn find(&self, to: &Recipient, found: &mut Vec<(Party, Arc<Pigeonhole>)>) {
        let (scope, who) = match *to {
            Recipient::Member(scope, id) => (scope, Party::Member(id)..=Party::Member(id)),
            Recipient::Admins(scope, Permission::MessageQuery) => (scope, crate::seats::EVERY_ADMIN),
            _ => return,
        };
        let (first, last) = who.into_inner();
        let holes = (scope, first, FIRST)..=(scope, last, LAST);
        found.extend(self.by_scope.range(holes).map(|((_, party, _), hole)| (*party, Arc::clone(hole))));
    }

    fn forget_the_old(&mut self, now: Instant) {
        while let Some(&(left, key)) = self.absent.first()
            && now.duration_since(left) >= KEPT_FOR
        {
            self.absent.pop_first();
            self.remove(key);
        }
    }

    fn remove(&mut self, key: Key) {
        let Some(kept) = self.kept.remove(&key) else { return };
        let (tenant, party, credential) = key;
        self.by_credential.remove(&(credential, tenant, party));
        for &shop in kept.shops.iter() {
            self.by_scope.remove(&(Scope { tenant, shop }, party, credential));
        }
    }
}

#[cfg(test)]
mod tests {
    use kefu_domain::ShopId;

    use super::*;

    #[test]
    fn of_whoever_is_forgotten_nothing_is_left() {
        check(|holes, now| holes.forget_the_old(now + KEPT_FOR));
        check(|holes, _| holes.forget(Credential([1; 16])));

        #[track_caller]
        fn check(forget: impl Fn(&mut Pigeonholes, Instant)) {
            let (mut holes, now) = (Pigeonholes::default(), Instant::now());
            for shop in [1, 2] {
                let scope = Scope { tenant: TenantId(1), shop: ShopId(shop) };
                let credential = Some(Credential([1; 16]));
                let guest = Guest { credential, ..Guest::new(scope, Party::Member(MemberId(101))) };
                let hole = holes.open(&guest, now).map(|(hole, _)| hole);
                holes.leave(&guest, &hole.unwrap(), now);
            }
            assert_eq!((holes.kept.len(), holes.by_scope.len(), holes.absent.len()), (1, 2, 1));

            forget(&mut holes, now);

            assert!(holes.kept.is_empty() && holes.by_credential.is_empty());
            assert!(holes.by_scope.is_empty() && holes.absent.is_empty());
        }
    }
}
