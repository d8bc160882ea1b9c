//! The tables of a yudao mall, beside which the desk stands: whose a token is, who people are, what roles allow.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDateTime;
use kefu_domain::{AdminId, MemberId, Party, Permission, StoreError, TenantId};

use crate::OpenError;
use crate::address::Address;
use crate::mysql::mall::Mall;

/// A mall's tables on MariaDB or MySQL, to be read and never written; clones share the connections.
///
/// Rows that are logically deleted are not there.
#[derive(Clone)]
pub struct MallTables(Arc<Keeper>);

/// Empty only while it is dropped.
struct Keeper(Option<Mall>);

impl Drop for Keeper {
    /// On a thread of its own: the driver's connections may not be dropped inside an async task.
    fn drop(&mut self) {
        let mall = self.0.take();
        let _ = std::thread::spawn(move || drop(mall)).join();
    }
}

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MallToken {
    /// A member or an admin; anything else in the row is the system, which has no tokens.
    pub owner: Party,
    /// The tenant that the token was given out by.
    pub tenant: TenantId,
    /// The end, by the wall clock of the mall's server.
    pub ends: NaiveDateTime,
}

/// Somebody with an account at the mall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MallPerson {
    /// The name that others see.
    pub nickname: Option<String>,
    /// The address of the picture.
    pub avatar: Option<String>,
    /// Whether the account is in use; a disabled one is nobody's.
    pub enabled: bool,
}

impl MallTables {
    /// The mall's tables at an address, `mysql://USER:PASSWORD@HOST:PORT/NAME`. Nothing is asked of them yet.
    pub fn at(address: &str, connections: u32) -> Result<Self, OpenError> {
        match Address::parse(address)? {
            Address::MySql(url) => Ok(Self(Arc::new(Keeper(Some(Mall::at(url, connections)))))),
            Address::Sqlite(_) => Err(OpenError::Address("a mall's tables are on MariaDB or MySQL".to_owned())),
        }
    }

    fn mall(&self) -> &Mall {
        match &self.0.0 {
            Some(mall) => mall,
            None => unreachable!("a handle keeps its connections"),
        }
    }

    /// Whether everything that is read here can be read.
    pub fn check(&self) -> Result<(), StoreError> {
        self.mall().check()
    }

    /// Whose a token is, an access or a refresh token, also one that has ended.
    pub fn token(&self, token: &str) -> Result<Option<MallToken>, StoreError> {
        self.mall().token(token)
    }

    /// The account of a member or an admin.
    pub fn person(&self, tenant: TenantId, party: Party) -> Result<Option<MallPerson>, StoreError> {
        match party {
            Party::Member(id) => Ok(self.members(tenant, &[id])?.remove(&id)),
            Party::Admin(id) => self.mall().admin(tenant, id),
            Party::System => Ok(None),
        }
    }

    /// What the enabled roles of an admin allow by menus that are in use; the role `super_admin` allows everything.
    pub fn permissions(&self, tenant: TenantId, id: AdminId) -> Result<Vec<Permission>, StoreError> {
        self.mall().permissions(tenant, id)
    }

    /// The accounts of those members who have one.
    pub fn members(&self, tenant: TenantId, ids: &[MemberId]) -> Result<HashMap<MemberId, MallPerson>, StoreError> {
        self.mall().members(tenant, ids)
    }
}

impl std::fmt::Debug for MallTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MallTables")
    }
}
