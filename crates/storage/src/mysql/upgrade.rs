//! A mall's rows are taken over: members get one conversation each, messages get their numbers, conversations their
//! cursors and counters.
//!
//! It runs at every start, between the steps that make room for it and those whose unique keys need it done, under
//! the lock of the migrations. Everything is one transaction per batch, and what is left to do is read from the rows
//! themselves: killed anywhere, it goes on at the next start, and where nothing is left it writes nothing. What Java
//! wrote after a step back is found the same way.
//!
//! It never changes a content, an id or a time, and keeps both tables' `update_time`.

mod merge;
mod number;
mod plan;

use std::time::Instant;

use diesel::QueryableByName;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::dialect::Conn;
use super::opening::unreachable;
use crate::fault::Fault;
use crate::{OpenError, StorageOffset};

pub(crate) use plan::plan;
pub use plan::{Merge, UpgradePlan};

/// How often a batch is tried that loses its race against nodes that are at work.
const TRIES: u32 = 5;

/// What was done to the rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Done {
    merged: usize,
    numbered: usize,
    reconciled: usize,
}

/// Takes over what there is to take over, in a session that this settles for it.
pub(crate) fn run(conn: &mut Conn, offset: StorageOffset) -> QueryResult<()> {
    // READ COMMITTED: each statement sees what the nodes at work have committed before a row was locked. Derived
    // tables are materialised, or the servers refuse to update a table that is also read.
    conn.batch_execute(&format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
         SET SESSION time_zone = '{offset}', optimizer_switch = 'derived_merge=off'"
    ))?;
    let mut done = Done::default();
    let merging = Instant::now();
    done.merged = merge::run(conn)?;
    let merge_seconds = merging.elapsed().as_secs_f64();
    let numbering = Instant::now();
    done.numbered = number::run(conn)?;
    done.reconciled = number::reconcile(conn)?;
    if done != Done::default() {
        tracing::info!(
            merged = done.merged,
            merge_seconds,
            numbered = done.numbered,
            reconciled = done.reconciled,
            number_seconds = numbering.elapsed().as_secs_f64(),
            "the rows that the mall's own server wrote are taken over"
        );
    }
    Ok(())
}

/// Runs one batch, whole or not at all, again where it only lost a race.
fn batch<T>(conn: &mut Conn, work: impl Fn(&mut Conn) -> QueryResult<T>) -> QueryResult<T> {
    let mut tries = 1;
    loop {
        match conn.transaction(&work) {
            Err(error) if Fault::of(&error) == Fault::Contended && tries < TRIES => tries += 1,
            other => return other,
        }
    }
}

/// Locks conversations in the order of their ids, as everybody does.
fn lock(conn: &mut Conn, ids: &[i64]) -> QueryResult<()> {
    let ids = list(ids);
    conn.batch_execute(&format!(
        "SELECT id FROM promotion_kefu_conversation WHERE id IN ({ids}) ORDER BY id FOR UPDATE"
    ))
}

/// Numbers as SQL lists them.
fn list(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The one number that a query names `value`; 0 for NULL.
fn number(conn: &mut Conn, query: &str) -> QueryResult<i64> {
    diesel::sql_query(query).get_result::<Number>(conn).map(|found| found.value.unwrap_or(0))
}

/// The texts that a query names `value`.
fn texts(conn: &mut Conn, query: &str) -> QueryResult<Vec<String>> {
    Ok(diesel::sql_query(query).load::<Words>(conn)?.into_iter().map(|found| found.value).collect())
}

fn has_table(conn: &mut Conn, table: &str) -> QueryResult<bool> {
    number(
        conn,
        &format!(
            "SELECT COUNT(*) AS value FROM information_schema.tables
             WHERE table_schema = DATABASE() AND table_name = '{table}'"
        ),
    )
    .map(|count| count > 0)
}

fn has_column(conn: &mut Conn, table: &str, column: &str) -> QueryResult<bool> {
    number(
        conn,
        &format!(
            "SELECT COUNT(*) AS value FROM information_schema.columns
             WHERE table_schema = DATABASE() AND table_name = '{table}' AND column_name = '{column}'"
        ),
    )
    .map(|count| count > 0)
}

fn has_key(conn: &mut Conn, table: &str, key: &str) -> QueryResult<bool> {
    number(
        conn,
        &format!(
            "SELECT COUNT(*) AS value FROM information_schema.statistics
             WHERE table_schema = DATABASE() AND table_name = '{table}' AND index_name = '{key}'"
        ),
    )
    .map(|count| count > 0)
}

/// The offset that the database has recorded for its times, if it has one yet.
pub(super) fn recorded_offset(conn: &mut Conn) -> Result<Option<StorageOffset>, OpenError> {
    let recorded = recorded(conn, "storage_offset").map_err(unreachable)?;
    recorded.map(|text| text.parse()).transpose().map_err(|_| OpenError::Meta("its storage offset"))
}

/// What the database has recorded under a name; nothing where there is no record at all yet.
fn recorded(conn: &mut Conn, name: &str) -> QueryResult<Option<String>> {
    if !has_table(conn, "kefu_meta")? {
        return Ok(None);
    }
    Ok(texts(conn, &format!("SELECT value FROM kefu_meta WHERE name = '{name}'"))?.pop())
}

/// Records in which offset times are written from now on; what is recorded stays.
pub(super) fn record_offset(conn: &mut Conn, offset: StorageOffset) -> QueryResult<()> {
    conn.batch_execute(&format!(
        "INSERT INTO kefu_meta (name, value) VALUES ('storage_offset', '{offset}') ON DUPLICATE KEY UPDATE value = value"
    ))
}

fn record(conn: &mut Conn, name: &str, value: i64) -> QueryResult<()> {
    conn.batch_execute(&format!(
        "INSERT INTO kefu_meta (name, value) VALUES ('{name}', '{value}') ON DUPLICATE KEY UPDATE value = '{value}'"
    ))
}

/// Says now and then how far a long piece of work is.
struct Progress {
    what: &'static str,
    of: i64,
    done: i64,
    said: i64,
}

impl Progress {
    /// The step of percents between two lines of the log.
    const STEP: i64 = 5;

    fn new(what: &'static str, of: i64) -> Self {
        Self { what, of, done: 0, said: 0 }
    }

    fn add(&mut self, done: i64) {
        self.done += done;
        let percent = self.done.saturating_mul(100).checked_div(self.of).unwrap_or(100).min(100);
        if percent >= self.said + Self::STEP {
            self.said = percent;
            tracing::info!(done = self.done, of = self.of, percent, "{}", self.what);
        }
    }
}
