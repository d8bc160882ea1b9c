//! The queries, one text for both databases: this folder is compiled once under `mysql` and once under
//! `sqlite`, where `super::dialect` says what the two say differently.

mod accounts;
mod api_keys;
mod begin;
mod changes;
mod commit;
mod conversations;
mod files;
mod identities;
mod messages;
mod meta;
mod profiles;
mod shops;
mod tenants;
mod tickets;
mod tokens;
mod transact;

use std::sync::atomic::AtomicU32;

use diesel::prelude::*;
use kefu_domain::{MemberId, Party, StoreError, Timestamp};

use super::dialect::{self, Conn, Sessions, Site, Sql};
use crate::pool::Pools;
use crate::stored::{Clock, Stored};
use crate::{Durability, OpenError, StorageOffset};

pub(crate) use meta::{Meta, meta};

/// An open database of one kind.
pub(crate) struct Db {
    site: Site,
    pools: Pools<Sessions>,
    version: String,
    /// What stands between the rows' times and instants; nothing on SQLite, whatever was recorded.
    offset: StorageOffset,
    meta: Meta,
    /// How many tickets this process has kept: expired ones are looked for now and then.
    tickets_kept: AtomicU32,
}

impl Db {
    pub(crate) fn new(site: Site, pools: Pools<Sessions>, version: String, offset: StorageOffset, meta: Meta) -> Self {
        Self { site, pools, version, offset, meta, tickets_kept: AtomicU32::new(0) }
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn epoch(&self) -> &str {
        &self.meta.epoch
    }

    pub(crate) fn recorded_offset(&self) -> StorageOffset {
        self.meta.offset
    }

    pub(crate) fn migrate(&self) -> Result<(), OpenError> {
        dialect::migrate(&self.site)
    }

    pub(crate) fn durability(&self) -> Result<Durability, StoreError> {
        self.pools.write()?.run(|conn| dialect::durability(conn, &self.version))
    }

    pub(crate) fn now(&self) -> Result<Timestamp, StoreError> {
        self.read(clock).map(|time| self.offset.instant(time))
    }

    /// Reads; once more on another connection when the first one turns out to have been cut while it lay idle.
    fn read<T>(&self, ask: impl Fn(&mut Conn) -> QueryResult<T>) -> Result<T, StoreError> {
        let mut link = self.pools.read()?;
        match link.run(&ask) {
            Err(StoreError::Unavailable(_)) if link.is_condemned() => {
                drop(link);
                self.pools.read()?.run(ask)
            }
            other => other,
        }
    }
}

/// The mall's user type of members.
const MEMBER: i32 = Party::Member(MemberId(0)).user_type();

/// The database's clock, as rows keep times.
fn clock(conn: &mut Conn) -> QueryResult<Stored> {
    diesel::select(Clock).get_result(conn)
}

/// A condition on a table's rows.
type Condition<Table> = Box<dyn BoxableExpression<Table, Sql, SqlType = diesel::sql_types::Bool>>;

/// Any of the conditions, as a tree of small depth: SQLite counts the levels of an expression. `None` without any.
fn any_of<Table: 'static>(mut conditions: Vec<Condition<Table>>) -> Option<Condition<Table>> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        n => {
            let right = any_of(conditions.split_off(n / 2))?;
            let left = any_of(conditions)?;
            Some(Box::new(left.or(right)))
        }
    }
}
