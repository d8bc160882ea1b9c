//! The shops of a tenant, and who serves them.
//!
//! The platform itself, shop 0, is always open and has no row. An admin who was never given nor denied a shop
//! serves the platform; any other serves exactly what they were given.

use kefu_domain::{AdminId, DirectoryError, Scope, ShopDirectory, ShopId, Shops, Standing, StoreError, TenantId};

use crate::database::on_either;
use crate::{Database, TokenHash};

/// A shop of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// The number that clients send as `shopId`, and whose.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// Whether it takes messages.
    pub status: ShopStatus,
}

/// Whether a shop takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopStatus {
    /// It does.
    Open,
    /// It does not; its history stays.
    Closed,
}

impl ShopStatus {
    pub(crate) const fn code(self) -> i32 {
        match self {
            Self::Open => 0,
            Self::Closed => 1,
        }
    }

    pub(crate) const fn of(code: i32) -> Self {
        match code {
            0 => Self::Open,
            _ => Self::Closed,
        }
    }
}

impl Database {
    /// Opens a shop and returns its number: the one that is wanted, or the next after the highest. `None` when the
    /// number is taken, and where the highest is the last that there is, 2^53 - 1.
    pub fn add_shop(&self, tenant: TenantId, id: Option<ShopId>, name: &str) -> Result<Option<ShopId>, StoreError> {
        on_either!(self, db => db.add_shop(tenant, id, name))
    }

    /// The shop of that number.
    pub fn shop(&self, scope: Scope) -> Result<Option<Shop>, StoreError> {
        on_either!(self, db => db.shop(scope))
    }

    /// All shops of a tenant, in the order of their numbers.
    pub fn shops(&self, tenant: TenantId) -> Result<Vec<Shop>, StoreError> {
        on_either!(self, db => db.shops(tenant))
    }

    /// Opens or closes a shop. Says whether there is such a shop.
    pub fn set_shop_status(&self, scope: Scope, status: ShopStatus) -> Result<bool, StoreError> {
        on_either!(self, db => db.set_shop_status(scope, status))
    }

    /// Lets an admin, the mall's or one of ours, serve one more shop: whoever served the platform because nothing was
    /// said goes on doing so, with a row.
    pub fn grant_shop(&self, admin: AdminId, scope: Scope) -> Result<(), StoreError> {
        on_either!(self, db => db.set_grant(admin, scope, true)).map(|_| ())
    }

    /// Takes a shop from an admin and ends the logins that we gave them, all at once; returns the hashes that were
    /// good until now, or `None`, with nothing changed, where they did not serve it. Whoever loses their last shop
    /// serves none.
    pub fn revoke_shop(&self, admin: AdminId, scope: Scope) -> Result<Option<Vec<TokenHash>>, StoreError> {
        on_either!(self, db => db.set_grant(admin, scope, false))
    }

    /// The shops that an admin serves, no more than [`Shops::MOST`].
    pub fn shops_of(&self, tenant: TenantId, admin: AdminId) -> Result<Shops, StoreError> {
        on_either!(self, db => db.shops_of(tenant, admin))
    }

    /// Who was given a shop, in the order of their numbers.
    pub fn admins_of(&self, scope: Scope) -> Result<Vec<AdminId>, StoreError> {
        on_either!(self, db => db.admins_of(scope))
    }
}

impl ShopDirectory for Database {
    fn standing(&self, scope: Scope) -> Result<Standing, DirectoryError> {
        if scope.shop == ShopId::PLATFORM {
            return Ok(Standing::Open);
        }
        let found = self.shop(scope).map_err(|error| DirectoryError(error.into()))?;
        Ok(match found.map(|shop| shop.status) {
            Some(ShopStatus::Open) => Standing::Open,
            Some(ShopStatus::Closed) => Standing::Closed,
            None => Standing::Unknown,
        })
    }
}
