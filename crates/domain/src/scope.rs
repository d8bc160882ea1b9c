//! Whose data: every read and every write carries a scope.

use std::ops::Deref;
use std::sync::Arc;

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
        Self { tenant, shop: ShopId::PLATFORM }
    }
}

/// The shops of one tenant that somebody serves: in the order of their ids, each once, perhaps none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shops(Arc<[ShopId]>);

impl Shops {
    /// How many an agent serves at most: every list asks for each of them.
    pub const MOST: usize = 200;

    /// Only the platform itself, shop 0.
    #[must_use]
    pub fn platform() -> Self {
        Self::from(ShopId::PLATFORM)
    }

    /// Those of them that the other set has too.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.iter().copied().filter(|shop| other.contains(shop)).collect()
    }

    /// No more than [`Shops::MOST`] of them, those with the lowest ids.
    #[must_use]
    pub fn bounded(self) -> Self {
        self.0.get(..Self::MOST).map_or_else(|| self.clone(), |lowest| Self(lowest.into()))
    }
}

impl From<ShopId> for Shops {
    fn from(shop: ShopId) -> Self {
        Self(Arc::from([shop]))
    }
}

impl FromIterator<ShopId> for Shops {
    fn from_iter<I: IntoIterator<Item = ShopId>>(shops: I) -> Self {
        let mut shops: Vec<_> = shops.into_iter().collect();
        shops.sort_unstable();
        shops.dedup();
        Self(shops.into())
    }
}

impl Deref for Shops {
    type Target = [ShopId];

    fn deref(&self) -> &[ShopId] {
        &self.0
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

/// A signed-in admin with all the shops whose conversations are theirs to see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Agent {
    /// The tenant.
    pub tenant: TenantId,
    /// The shops that they serve.
    pub shops: Shops,
    /// Who.
    pub id: AdminId,
}

impl Agent {
    /// The admin as a party of a conversation.
    #[must_use]
    pub const fn party(&self) -> Party {
        Party::Admin(self.id)
    }

    /// The agent at the desk of one shop, if it is one of theirs.
    #[must_use]
    pub fn at(&self, scope: Scope) -> Option<Admin> {
        let serves = scope.tenant == self.tenant && self.shops.contains(&scope.shop);
        serves.then_some(Admin { scope, id: self.id })
    }

    /// All the desks they sit at.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        let tenant = self.tenant;
        self.shops.iter().map(move |&shop| Scope { tenant, shop })
    }
}

impl From<Admin> for Agent {
    /// An agent who serves that one shop.
    fn from(admin: Admin) -> Self {
        Self { tenant: admin.scope.tenant, shops: Shops::from(admin.scope.shop), id: admin.id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shops(ids: &[i64]) -> Shops {
        ids.iter().copied().map(ShopId).collect()
    }

    #[test]
    fn shops_are_a_set_in_the_order_of_their_ids() {
        assert_eq!(shops(&[3, 1, 3, 2]), shops(&[1, 2, 3]));
        assert_eq!(shops(&[1, 2, 3]).and(&shops(&[9, 3, 2])), shops(&[2, 3]));
        assert!(shops(&[1]).and(&shops(&[2])).is_empty());
        assert_eq!(Shops::platform(), shops(&[0]));
    }

    #[test]
    fn of_too_many_shops_the_lowest_remain() {
        let many = |count: i64| (0..count).map(ShopId).collect::<Shops>();

        assert_eq!(many(199).bounded(), many(199));
        assert_eq!(many(200).bounded(), many(200));
        assert_eq!(many(5_000).bounded(), many(200));
    }

    #[test]
    fn an_agent_sits_at_the_desks_of_their_shops_and_at_no_other() {
        let agent = Agent { tenant: TenantId(1), shops: shops(&[0, 2]), id: AdminId(7) };
        let scope = |tenant, shop| Scope { tenant: TenantId(tenant), shop: ShopId(shop) };

        assert_eq!(agent.at(scope(1, 2)), Some(Admin { scope: scope(1, 2), id: AdminId(7) }));
        assert_eq!(agent.at(scope(1, 1)), None);
        assert_eq!(agent.at(scope(2, 2)), None, "another tenant's shop of the same number");
        assert_eq!(agent.scopes().collect::<Vec<_>>(), [scope(1, 0), scope(1, 2)]);
    }
}
