//! Transactions: begun, and undone unless they are committed.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use kefu_domain::StoreError;

use super::super::dialect::{self, Conn, Sessions};
use super::Db;
use crate::pool::Lent;

/// How often work that only lost a race is tried, and for how long; lanes do their own counting.
const TRIES: usize = 4;
const PATIENCE: Duration = Duration::from_secs(2);

/// An open transaction. Dropping it undoes everything.
pub(super) struct Begun<'a> {
    link: Lent<'a, Sessions>,
    open: bool,
}

impl Begun<'_> {
    pub(super) fn id_step(&self) -> i64 {
        self.link.id_step
    }

    pub(super) fn run<T>(&mut self, ask: impl FnOnce(&mut Conn) -> QueryResult<T>) -> Result<T, StoreError> {
        self.link.run(ask)
    }

    pub(super) fn commit(mut self) -> Result<(), StoreError> {
        self.open = false;
        self.link.run_commit(|conn| conn.batch_execute("COMMIT"))
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        // A connection that is thrown away undoes its transaction by going.
        if self.open && !self.link.is_condemned() && self.link.run(|conn| conn.batch_execute("ROLLBACK")).is_err() {
            self.link.condemn();
        }
    }
}

impl Db {
    pub(super) fn begin_one(&self) -> Result<Begun<'_>, StoreError> {
        let mut link = self.pools.write()?;
        link.run(dialect::begin)?;
        Ok(Begun { link, open: true })
    }

    /// Runs statements that are committed together or not at all, again where they only lost a race.
    pub(super) fn transact<T>(&self, ask: impl Fn(&mut Conn) -> QueryResult<T>) -> Result<T, StoreError> {
        patiently(|| {
            let mut begun = self.begin_one()?;
            let result = begun.run(&ask)?;
            begun.commit()?;
            Ok(result)
        })
    }

    /// Runs one statement that commits by itself, again where it only lost a race.
    pub(super) fn write<T>(&self, ask: impl Fn(&mut Conn) -> QueryResult<T>) -> Result<T, StoreError> {
        patiently(|| self.pools.write()?.run(&ask))
    }
}

fn patiently<T>(mut attempt: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let began = Instant::now();
    for _ in 1..TRIES {
        match attempt() {
            Err(StoreError::Contended(_)) if began.elapsed() < PATIENCE => {}
            other => return other,
        }
    }
    attempt()
}

/// What was inserted, or `None` where a unique key says that it is there already.
pub(super) fn unless_taken<T>(result: QueryResult<T>) -> QueryResult<Option<T>> {
    match result {
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => Ok(None),
        other => other.map(Some),
    }
}
