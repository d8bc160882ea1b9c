//! Agents who log in here, with a name and a password; agents of a mall are not kept here.

use kefu_domain::{AdminId, Shops, StoreError, TenantId};

use crate::Database;
use crate::database::on_either;

/// Somebody who can log in at the desk.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// From 10^12 on, so that it never meets the id of a mall's admin.
    pub id: AdminId,
    /// Where.
    pub tenant: TenantId,
    /// What to log in with; unique within the tenant, whatever the case of its letters.
    pub username: String,
    /// The hash of the password, as the caller made it.
    pub password_hash: String,
    /// The name that members see.
    pub nickname: String,
    /// The address of the picture.
    pub avatar: Option<String>,
    /// The names of the roles; what they allow is the caller's affair. A name holds no comma.
    pub roles: Vec<String>,
    /// Whether it may log in.
    pub status: AccountStatus,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Whether an account may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    /// It may.
    Enabled,
    /// It may not, and none of its tokens is good any more.
    Disabled,
}

impl AccountStatus {
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

/// An account to be made, enabled from the start.
#[derive(Clone)]
pub struct NewAccount {
    /// Where.
    pub tenant: TenantId,
    /// What to log in with, at most 64 characters.
    pub username: String,
    /// The hash of the password.
    pub password_hash: String,
    /// The name that members see, at most 255 characters.
    pub nickname: String,
    /// The address of the picture.
    pub avatar: Option<String>,
    /// The names of the roles, without commas.
    pub roles: Vec<String>,
    /// The shops that it serves from the start; none at all where this is empty.
    pub shops: Shops,
}

impl Database {
    /// Makes an account, with its shops or not at all, and returns its id; `None` when the tenant has one of that name already.
    pub fn add_account(&self, account: &NewAccount) -> Result<Option<AdminId>, StoreError> {
        on_either!(self, db => db.add_account(account))
    }

    /// The account of that name, enabled or not.
    pub fn account_by_name(&self, tenant: TenantId, username: &str) -> Result<Option<Account>, StoreError> {
        on_either!(self, db => db.account_by_name(tenant, username))
    }

    /// The account of that id, enabled or not.
    pub fn account(&self, id: AdminId) -> Result<Option<Account>, StoreError> {
        on_either!(self, db => db.account(id))
    }

    /// All accounts of a tenant, in the order of their ids.
    pub fn accounts(&self, tenant: TenantId) -> Result<Vec<Account>, StoreError> {
        on_either!(self, db => db.accounts(tenant))
    }

    /// Lets an account log in, or no longer: disabling also revokes all its tokens. Says whether there is one.
    pub fn set_account_status(&self, id: AdminId, status: AccountStatus) -> Result<bool, StoreError> {
        on_either!(self, db => db.set_account_status(id, status))
    }

    /// Replaces the hash of the password and revokes all tokens of the account. Says whether there is one.
    pub fn set_password(&self, id: AdminId, password_hash: &str) -> Result<bool, StoreError> {
        on_either!(self, db => db.set_password(id, password_hash))
    }

    /// Replaces the roles. Says whether there is such an account.
    pub fn set_roles(&self, id: AdminId, roles: &[String]) -> Result<bool, StoreError> {
        on_either!(self, db => db.set_roles(id, roles))
    }

    /// Replaces how members see the account. Says whether there is one.
    pub fn set_account_profile(&self, id: AdminId, nickname: &str, avatar: Option<&str>) -> Result<bool, StoreError> {
        on_either!(self, db => db.set_account_profile(id, nickname, avatar))
    }
}
