//! Who sits down.

use kefu_domain::{Party, Permission, Scope, Shops, TenantId, Timestamp};

/// Names the token or session that a socket came with, without revealing it: part of a digest of it, say, or the
/// number of the session. Equal ones are closed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credential(pub [u8; 16]);

/// How a socket is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// As the mall's own server speaks: its pages neither acknowledge nor ask again.
    #[default]
    Mall,
    /// As [`crate::v2`] says. These clients know what they miss, and ask for it.
    V2,
}

/// Who wants to sit down. That all of this is true is the caller's affair. More may come: start from [`Guest::new`],
/// as in `Guest { permissions, ..Guest::new(scope, party) }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Who.
    pub party: Party,
    /// Whose.
    pub tenant: TenantId,
    /// At which shops' desks, or, for a member, at which shop's door.
    pub shops: Shops,
    /// What an admin may hear; a member needs none.
    pub permissions: Vec<Permission>,
    /// How to speak to them.
    pub dialect: Dialect,
    /// What [`Hub::close_credential`](crate::Hub::close_credential) finds the socket by, and what somebody who comes
    /// back is recognised by: without one, nothing is replayed.
    pub credential: Option<Credential>,
    /// When [`Hub::close_expired`](crate::Hub::close_expired) lets it go.
    pub expires: Option<Timestamp>,
}

impl Guest {
    /// Somebody at one shop, of the mall's dialect, without permissions, credential and expiry.
    #[must_use]
    pub fn new(scope: Scope, party: Party) -> Self {
        let shops = Shops::from(scope.shop);
        let dialect = Dialect::Mall;
        Self { party, tenant: scope.tenant, shops, permissions: Vec::new(), dialect, credential: None, expires: None }
    }

    /// The scopes whose news they hear.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Scope> {
        let tenant = self.tenant;
        self.shops.iter().map(move |&shop| Scope { tenant, shop })
    }
}
