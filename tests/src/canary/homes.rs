//! Whose conversations there are, as the books say.

use std::collections::{HashMap, HashSet};

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

/// Where a conversation is at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Home {
    /// Its id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its tenant.
    #[diesel(sql_type = BigInt)]
    pub tenant: i64,
    /// Its shop.
    #[diesel(sql_type = BigInt)]
    pub shop: i64,
    /// Its member.
    #[diesel(sql_type = BigInt)]
    pub member: i64,
}

/// Those that were looked up: a conversation never moves, so what was found once need not be asked for again.
#[derive(Default)]
pub(crate) struct Homes {
    by_id: HashMap<i64, Home>,
    known: HashSet<(i64, i64, i64)>,
}

impl Homes {
    pub(super) fn keep(&mut self, homes: Vec<Home>) {
        self.known.extend(homes.iter().map(|home| (home.tenant, home.shop, home.member)));
        self.by_id.extend(homes.into_iter().map(|home| (home.id, home)));
    }

    pub(super) fn find(&self, conversation: i64) -> Option<Home> {
        self.by_id.get(&conversation).copied()
    }

    /// Whether a member has written to one of these shops.
    pub(super) fn knows(&self, tenant: i64, shops: &[i64], member: i64) -> bool {
        shops.iter().any(|shop| self.known.contains(&(tenant, *shop, member)))
    }
}
