//! Keys with which a mall's own server may ask for tokens. Only their hashes are kept.

use kefu_domain::{StoreError, TenantId, Timestamp};

use crate::Database;
use crate::database::on_either;

/// A key that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose.
    pub tenant: TenantId,
    /// What it is called, unique in its tenant.
    pub name: String,
    /// Since when.
    pub created: Timestamp,
}

impl Database {
    /// Keeps a key's hash. Says whether the name was free.
    pub fn add_api_key(&self, hash: &[u8; 32], tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        on_either!(self, db => db.add_api_key(hash, tenant, name))
    }

    /// The key with that hash.
    pub fn api_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        on_either!(self, db => db.api_key(hash))
    }

    /// All keys of a tenant, in the order of their names.
    pub fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
        on_either!(self, db => db.api_keys(tenant))
    }

    /// Takes a key back. Says whether there was one of that name.
    pub fn remove_api_key(&self, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        on_either!(self, db => db.remove_api_key(tenant, name))
    }
}
