//! Whose data: every read and every write carries a scope.

use crate::{AdminId, MemberId, Party, ShopId, TenantId};

/// A tenant and one of its shops. Nothing is read or written without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// The shop; 0 is the platform itself.
    pub shop: ShopId,
}

impl Scope {
    /// The tenant's own desk, shop 0.
    #[must_use]
    pub const fn platform(tenant: TenantId) -> Self {
        Self { tenant, shop: ShopId(0) }
    }
}

/// A signed-in member at one shop's door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    /// Where.
    pub scope: Scope,
    /// Who.
    pub id: MemberId,
}

impl Member {
    /// The member as a party of a conversation.
    #[must_use]
    pub const fn party(&self) -> Party {
        Party::Member(self.id)
    }
}

/// A signed-in admin at one shop's desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Admin {
    /// Where.
    pub scope: Scope,
    /// Who.
    pub id: AdminId,
}

impl Admin {
    /// The admin as a party of a conversation.
    #[must_use]
    pub const fn party(&self) -> Party {
        Party::Admin(self.id)
    }
}
