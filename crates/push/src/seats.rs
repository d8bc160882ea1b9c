//! The seats, under three keys at once. Each entry names its own socket, so there are no empty lists to clear
//! away and no race about who clears them.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use kefu_domain::{AdminId, MemberId, Party, Permission, Recipient, Scope, SessionId, TenantId};

use crate::hub::{Guest, Online};
use crate::line::Line;

/// Somebody's socket.
pub(crate) struct Chair {
    pub(crate) id: SessionId,
    pub(crate) guest: Guest,
    pub(crate) line: Line,
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

    pub(crate) fn remove(&mut self, chair: &Chair) {
        let Guest { tenant, party, .. } = chair.guest;
        self.by_id.remove(&chair.id);
        for scope in chair.guest.scopes() {
            self.by_scope.remove(&(scope, party, chair.id));
        }
        self.by_tenant.remove(&(tenant, party, chair.id));
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
                let admin = Party::Admin(id);
                let sockets = (tenant, admin, SessionId(u64::MIN))..=(tenant, admin, SessionId(u64::MAX));
                found.extend(self.by_tenant.range(sockets).map(|(_, chair)| chair).cloned());
            }
            Recipient::Members(scope) => {
                let everybody = Party::Member(MemberId(i64::MIN))..=Party::Member(MemberId(i64::MAX));
                found.extend(self.in_scope(scope, everybody).cloned());
            }
            Recipient::EveryAdmin(scope) => found.extend(self.admins(scope).cloned()),
            Recipient::Admins(scope, permission) => {
                found.extend(self.admins(scope).filter(|chair| chair.may_hear(permission)).cloned());
            }
        }
    }

    pub(crate) fn online(&self) -> Online {
        let mut online = Online { sockets: self.by_id.len(), ..Online::default() };
        let mut last = None;
        for (tenant, party, _) in self.by_tenant.keys() {
            if last.replace((tenant, party)) == Some((tenant, party)) {
                continue;
            }
            match party {
                Party::Member(_) => online.members += 1,
                Party::Admin(_) => online.admins += 1,
                Party::System => {}
            }
        }
        online
    }

    fn admins(&self, scope: Scope) -> impl Iterator<Item = &Arc<Chair>> {
        self.in_scope(scope, Party::Admin(AdminId(i64::MIN))..=Party::Admin(AdminId(i64::MAX)))
    }

    fn in_scope(&self, scope: Scope, who: RangeInclusive<Party>) -> impl Iterator<Item = &Arc<Chair>> {
        let (first, last) = who.into_inner();
        let sockets = (scope, first, SessionId(u64::MIN))..=(scope, last, SessionId(u64::MAX));
        self.by_scope.range(sockets).map(|(_, chair)| chair)
    }
}
