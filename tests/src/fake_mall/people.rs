//! Who has an account at the mall.

use std::collections::BTreeSet;

use kefu_domain::Permission;

use crate::canary;

/// Everybody's password.
pub const MALL_PASSWORD: &str = "mall-1234";

/// What the customer-service page's side panel asks for besides ours.
pub(super) const SEE_MEMBERS: &str = "member:user:query";

/// One of the mall's people, whose ids are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A shopper, user type 1.
    Member(i64),
    /// Somebody with a desk in the back office, user type 2.
    Admin(i64),
}

impl Who {
    pub(super) const fn id(self) -> i64 {
        match self {
            Self::Member(id) | Self::Admin(id) => id,
        }
    }

    pub(super) const fn user_type(self) -> i64 {
        match self {
            Self::Member(_) => 1,
            Self::Admin(_) => 2,
        }
    }
}

/// An account of the back office.
#[derive(Debug, Clone)]
pub struct MallAdmin {
    /// Its number.
    pub id: i64,
    /// Its tenant.
    pub tenant: i64,
    /// What it signs in with.
    pub username: String,
    /// How others see it.
    pub nickname: String,
    /// Its picture.
    pub avatar: String,
    /// What its role allows, in the mall's own words.
    pub permissions: BTreeSet<String>,
    /// Whether it has the role `super_admin`, which may everything.
    pub super_admin: bool,
    /// Whether it may no longer sign in.
    pub disabled: bool,
}

impl MallAdmin {
    /// An admin of tenant 1 with all permissions of customer service.
    #[must_use]
    pub fn new(id: i64) -> Self {
        let ours = Permission::ALL.iter().map(|permission| permission.as_str());
        Self {
            id,
            tenant: 1,
            username: format!("agent{id}"),
            nickname: canary::nickname(id),
            avatar: format!("https://mall.example/admin-{id}.png"),
            permissions: ours.chain([SEE_MEMBERS]).map(str::to_owned).collect(),
            super_admin: false,
            disabled: false,
        }
    }

    /// The same at another tenant.
    #[must_use]
    pub fn at(self, tenant: i64) -> Self {
        Self { tenant, ..self }
    }

    /// The same with another name.
    #[must_use]
    pub fn named(self, nickname: &str) -> Self {
        Self { nickname: nickname.to_owned(), ..self }
    }

    /// The same with these permissions only.
    #[must_use]
    pub fn allowed(self, permissions: &[&str]) -> Self {
        Self { permissions: permissions.iter().map(|&permission| permission.to_owned()).collect(), ..self }
    }

    /// The same with the role `super_admin` and no other.
    #[must_use]
    pub fn with_every_right(self) -> Self {
        Self { super_admin: true, ..self.allowed(&[]) }
    }

    pub(super) fn may(&self, permission: &str) -> bool {
        self.super_admin || self.permissions.contains(permission)
    }
}

/// A shopper's account.
#[derive(Debug, Clone)]
pub struct MallMember {
    /// Its number.
    pub id: i64,
    /// Its tenant.
    pub tenant: i64,
    /// What it signs in with.
    pub mobile: String,
    /// How others see it.
    pub nickname: String,
    /// Its picture.
    pub avatar: String,
    /// Whether it may no longer sign in.
    pub disabled: bool,
}

impl MallMember {
    /// A member of tenant 1.
    #[must_use]
    pub fn new(id: i64) -> Self {
        Self {
            id,
            tenant: 1,
            mobile: format!("138{:08}", id.rem_euclid(100_000_000)),
            nickname: canary::nickname(id),
            avatar: format!("https://mall.example/member-{id}.png"),
            disabled: false,
        }
    }

    /// The same at another tenant.
    #[must_use]
    pub fn at(self, tenant: i64) -> Self {
        Self { tenant, ..self }
    }

    /// The same with another name.
    #[must_use]
    pub fn named(self, nickname: &str) -> Self {
        Self { nickname: nickname.to_owned(), ..self }
    }
}
