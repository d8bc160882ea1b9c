//! Which shops an admin serves, as our own books say.
//!
//! Whatever else is remembered of somebody, and for however long, their shops are read anew after three seconds. Where
//! the books do not answer by then, nobody knows, and nobody is let in on an older word.

use std::sync::Arc;
use std::time::Duration;

use kefu_domain::{AdminId, Party, Shops, StoreError, TenantId};
use moka::sync::Cache;

use super::{Identity, REMEMBERED};

/// Looks the shops of an admin up. Blocks.
pub type Books = Box<dyn Fn(TenantId, AdminId) -> Result<Shops, StoreError> + Send + Sync>;

/// Who serves where. Clones share what was read.
#[derive(Clone)]
pub struct Rota(Arc<Inner>);

struct Inner {
    books: Books,
    read: Cache<(TenantId, AdminId), Shops>,
}

impl Rota {
    /// Reads these books.
    #[must_use]
    pub fn new(books: Books) -> Self {
        Self::remembering(REMEMBERED, books)
    }

    pub(super) fn remembering(time: Duration, books: Books) -> Self {
        Self(Arc::new(Inner { books, read: Cache::builder().max_capacity(100_000).time_to_live(time).build() }))
    }

    /// Somebody at the desks that they serve, where those were read a moment ago.
    #[must_use]
    pub fn seat_at_once(&self, identity: Identity) -> Option<Identity> {
        let Party::Admin(id) = identity.party else { return Some(elsewhere(identity)) };
        let shops = self.0.read.get(&(identity.tenant, id))?;
        Some(Identity { shops, ..identity })
    }

    /// Somebody at the desks that they serve now. Blocks.
    pub fn seat(&self, identity: Identity) -> Result<Identity, StoreError> {
        let Party::Admin(id) = identity.party else { return Ok(elsewhere(identity)) };
        let shops = (self.0.books)(identity.tenant, id)?;
        self.0.read.insert((identity.tenant, id), shops.clone());
        Ok(Identity { shops, ..identity })
    }

    /// Forgets what was read of somebody, because it has just changed.
    pub fn forget(&self, tenant: TenantId, admin: AdminId) {
        self.0.read.invalidate(&(tenant, admin));
    }
}

/// What stands in an identity of which only the rest is remembered.
pub(super) fn nowhere() -> Shops {
    [].into_iter().collect()
}

/// Shops mean nothing for whoever serves none.
fn elsewhere(identity: Identity) -> Identity {
    Identity { shops: Shops::platform(), ..identity }
}
