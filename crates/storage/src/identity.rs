//! Who has no number of their own: subjects of foreign tokens, visitors.

use kefu_domain::{StoreError, TenantId};

use crate::Database;
use crate::database::on_either;

/// Somebody's name elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// Whose.
    pub tenant: TenantId,
    /// The mall's user type: 1 member, 2 admin.
    pub user_type: i32,
    /// Who calls them that, at most 128 characters; two issuers may use one name for two people.
    pub issuer: String,
    /// The name, at most 128 characters; upper and lower case are different people.
    pub name: String,
}

impl Database {
    /// The id of a subject: the same for ever, and below zero, so that it never meets a mall's number.
    pub fn id_of(&self, subject: &Subject) -> Result<i64, StoreError> {
        on_either!(self, db => db.id_of(subject))
    }
}
