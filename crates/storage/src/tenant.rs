//! The tenants that this desk serves.

use kefu_domain::{StoreError, TenantId, Timestamp};

use crate::Database;
use crate::database::on_either;

/// One of the malls of a platform; tenants never see each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The number that clients send as `tenant-id`.
    pub id: TenantId,
    /// The name that agents log in with, unique.
    pub name: String,
    /// Whether it is served.
    pub status: TenantStatus,
    /// When it ends to be served, if it ever does.
    pub expires: Option<Timestamp>,
}

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantStatus {
    /// It is.
    Enabled,
    /// It is not, until somebody enables it again.
    Disabled,
}

impl TenantStatus {
    pub(crate) const fn code(self) -> i32 {
        match self {
            Self::Enabled => 0,
            Self::Disabled => 1,
        }
    }

    pub(crate) const fn of(code: i32) -> Self {
        match code {
            0 => Self::Enabled,
            _ => Self::Disabled,
        }
    }
}

/// A tenant to be added, enabled from the start.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its number; the next free one when there is none.
    pub id: Option<TenantId>,
    /// Its name, at most 64 characters.
    pub name: String,
    /// When it ends to be served.
    pub expires: Option<Timestamp>,
}

impl Database {
    /// Adds a tenant and returns its number; `None` when the number or the name is taken.
    pub fn add_tenant(&self, tenant: &NewTenant) -> Result<Option<TenantId>, StoreError> {
        on_either!(self, db => db.add_tenant(tenant))
    }

    /// The tenant of that number.
    pub fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        on_either!(self, db => db.tenant(id))
    }

    /// The tenant of that name, whatever the case of its letters.
    pub fn tenant_by_name(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        on_either!(self, db => db.tenant_by_name(name))
    }

    /// All tenants, in the order of their numbers.
    pub fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        on_either!(self, db => db.tenants())
    }

    /// Serves a tenant, or no longer. Says whether there is such a tenant.
    pub fn set_tenant_status(&self, id: TenantId, status: TenantStatus) -> Result<bool, StoreError> {
        on_either!(self, db => db.set_tenant_status(id, status))
    }
}
