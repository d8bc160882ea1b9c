//! The seats, under three keys at once. Each entry names its own socket, so there are no empty lists to clear
//! away and no race about who clears them.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, RangeInclusive};
use std::sync::Arc;

use kefu_domain::{AdminId, MemberId, OnlineCount, Party, Permission, Recipient, Scope, SessionId, TenantId};
use tokio::time::Instant;

use crate::guest::{Dialect, Guest};
use crate::hub::Online;
use crate::line::Line;
use crate::pigeonhole::Pigeonhole;
use crate::pigeonholes::Pigeonholes;

const EVERY_MEMBER: RangeInclusive<Party> = Party::Member(MemberId(i64::MIN))..=Party::Member(MemberId(i64::MAX));
pub(crate) const EVERY_ADMIN: RangeInclusive<Party> = Party::Admin(AdminId(i64::MIN))..=Party::Admin(AdminId(i64::MAX));

/// Somebody's socket.
pub(crate) struct Chair {
    pub(crate) id: SessionId,
    pub(crate) guest: Guest,
    pub(crate) line: Line,
    /// Where what it accepts is crossed off.
    pub(crate) hole: Option<Arc<Pigeonhole>>,
}

impl Chair {
    fn may_hear(&self, permission: Permission) -> bool {
        self.guest.permissions.contains(&permission)
    }
}

#[derive(Default)]
pub(crate) struct Seats {
    stopped: bool,
    by_id: HashMap<SessionId, Arc<Chair>>,
    by_scope: BTreeMap<(Scope, Party, SessionId), Arc<Chair>>,
    by_tenant: BTreeMap<(TenantId, Party, SessionId), Arc<Chair>>,
    pub(crate) holes: Pigeonholes,
}

impl Seats {
    /// Takes a socket in, and says whether it may stay.
    pub(crate) fn insert(&mut self, chair: &Arc<Chair>) -> bool {
        let Guest { tenant, party, .. } = chair.guest;
        self.by_id.insert(chair.id, Arc::clone(chair));
        for scope in chair.guest.scopes() {
            self.by_scope.insert((scope, party, chair.id), Arc::clone(chair));
        }
        self.by_tenant.insert((tenant, party, chair.id), Arc::clone(chair));
        !self.stopped
    }

    pub(crate) fn remove(&mut self, chair: &Chair, now: Instant) {
        let Guest { tenant, party, .. } = chair.guest;
        self.by_id.remove(&chair.id);
        for scope in chair.guest.scopes() {
            self.by_scope.remove(&(scope, party, chair.id));
        }
        self.by_tenant.remove(&(tenant, party, chair.id));
        if let Some(hole) = &chair.hole {
            self.holes.leave(&chair.guest, hole, now);
        }
    }

    /// Lets nobody stay from now on; returns those who are here.
    pub(crate) fn stop(&mut self) -> Vec<Arc<Chair>> {
        self.stopped = true;
        self.all().cloned().collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Chair>> {
        self.by_id.values()
    }

    /// Adds the sockets of a recipient to `found`.
    pub(crate) fn find(&self, to: &Recipient, found: &mut Vec<Arc<Chair>>) {
        match *to {
            Recipient::Socket(id) => found.extend(self.by_id.get(&id).cloned()),
            Recipient::Member(scope, id) => {
                found.extend(self.in_scope(scope, Party::Member(id)..=Party::Member(id)).cloned());
            }
            Recipient::Admin(tenant, id) => {
                found.extend(self.in_tenant(tenant, Party::Admin(id)..=Party::Admin(id)).cloned());
            }
            Recipient::MemberAnywhere(tenant, id) => {
                found.extend(self.in_tenant(tenant, Party::Member(id)..=Party::Member(id)).cloned());
            }
            Recipient::MembersAnywhere(tenant) => found.extend(self.in_tenant(tenant, EVERY_MEMBER).cloned()),
            Recipient::AdminsAnywhere(tenant) => found.extend(self.in_tenant(tenant, EVERY_ADMIN).cloned()),
            Recipient::Members(scope) => {
                found.extend(self.in_scope(scope, EVERY_MEMBER).cloned());
            }
            Recipient::EveryAdmin(scope) => found.extend(self.admins(scope).cloned()),
            Recipient::Admins(scope, permission) => {
                found.extend(self.admins(scope).filter(|chair| chair.may_hear(permission)).cloned());
            }
        }
    }

    /// Adds the sockets of somebody to `found`.
    pub(crate) fn of(&self, tenant: TenantId, party: Party, found: &mut Vec<Arc<Chair>>) {
        found.extend(self.in_tenant(tenant, party..=party).cloned());
    }

    /// The tenants that anybody sits here for.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        let mut tenants: Vec<_> = self.by_tenant.keys().map(|(tenant, ..)| *tenant).collect();
        tenants.dedup();
        tenants
    }

    pub(crate) fn online(&self) -> Online {
        let OnlineCount { members, admins } = people(self.by_tenant.keys().map(|(tenant, party, _)| (*tenant, *party)));
        let v2 = self.all().filter(|chair| chair.guest.dialect == Dialect::V2).count();
        Online { sockets: self.by_id.len(), v2, members, admins }
    }

    /// How many people there are in a scope.
    pub(crate) fn count(&self, scope: Scope) -> OnlineCount {
        let everybody = Party::Member(MemberId(i64::MIN))..=Party::System;
        people(self.in_scope(scope, everybody).map(|chair| (scope, chair.guest.party)))
    }

    pub(crate) fn is_online(&self, scope: Scope, party: Party) -> bool {
        self.in_scope(scope, party..=party).next().is_some()
    }

    /// Everybody in every scope, each once.
    pub(crate) fn presence(&self) -> Vec<(Scope, Party)> {
        let mut present: Vec<_> = self.by_scope.keys().map(|(scope, party, _)| (*scope, *party)).collect();
        present.dedup();
        present.retain(|(_, party)| *party != Party::System);
        present
    }

    /// The scopes that anybody sits in.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let mut scopes = Vec::new();
        let mut rest = self.by_scope.range(..);
        // From the first of one to the first of the next: there are few scopes and many sockets.
        while let Some(((scope, ..), _)) = rest.next() {
            scopes.push(*scope);
            rest =
                self.by_scope.range((Bound::Excluded((*scope, Party::System, SessionId(u64::MAX))), Bound::Unbounded));
        }
        scopes
    }

    fn admins(&self, scope: Scope) -> impl Iterator<Item = &Arc<Chair>> {
        self.in_scope(scope, EVERY_ADMIN)
    }

    fn in_tenant(&self, tenant: TenantId, who: RangeInclusive<Party>) -> impl Iterator<Item = &Arc<Chair>> {
        let (first, last) = who.into_inner();
        let sockets = (tenant, first, SessionId(u64::MIN))..=(tenant, last, SessionId(u64::MAX));
        self.by_tenant.range(sockets).map(|(_, chair)| chair)
    }

    fn in_scope(&self, scope: Scope, who: RangeInclusive<Party>) -> impl Iterator<Item = &Arc<Chair>> {
        let (first, last) = who.into_inner();
        let sockets = (scope, first, SessionId(u64::MIN))..=(scope, last, SessionId(u64::MAX));
        self.by_scope.range(sockets).map(|(_, chair)| chair)
    }
}

/// How many different people there are, where each stands beside themselves.
fn people<W: PartialEq>(sockets: impl Iterator<Item = (W, Party)>) -> OnlineCount {
    let mut count = OnlineCount::default();
    let mut last = None;
    for one in sockets {
        match one.1 {
            _ if last.as_ref() == Some(&one) => {}
            Party::Member(_) => count.members += 1,
            Party::Admin(_) => count.admins += 1,
            Party::System => {}
        }
        last = Some(one);
    }
    count
}
