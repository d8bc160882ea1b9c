//! The steps of the schema, and between them the taking over of a mall's rows; one node at a time.

use std::time::Instant;

use diesel::QueryableByName;
use diesel::RunQueryDsl;
use diesel::migration::Migration;
use diesel::mysql::Mysql;
use diesel::sql_types::{BigInt, Nullable};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::dialect::Conn;
use super::opening::{agree, unreachable};
use super::upgrade;
use crate::{OpenError, StorageOffset};

pub(super) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// The first step that needs a mall's rows to be taken over: its key allows a member one conversation.
const AFTER_TAKING_OVER: &str = "0600";

/// How long a starting node waits for another one, in slices after each of which it says so. Rebuilding a large
/// mall's table of messages takes many minutes.
const SLICE_S: u32 = 5;
const SLICES: u32 = 3_600 / SLICE_S;

/// The lock of the server, which goes with the connection when this process dies.
const LOCK: &str = "CONCAT('kefu-migrations-', MD5(DATABASE()))";

/// Brings the tables up to date, and takes over what the mall's own server has written.
pub(super) fn migrate_on(conn: &mut Conn, wanted: Option<StorageOffset>) -> Result<(), OpenError> {
    lock(conn)?;
    let offset = match upgrade::recorded_offset(conn)? {
        Some(recorded) => agree(recorded, wanted).map(|()| recorded)?,
        None => wanted.unwrap_or_default(),
    };
    let pending = conn.pending_migrations(MIGRATIONS).map_err(OpenError::Migration)?;
    let before = pending.partition_point(|step| step.name().version().to_string().as_str() < AFTER_TAKING_OVER);
    let (before, after) = pending.split_at(before);
    run_all(conn, before)?;
    // Before the first time is written: a start that goes on after a kill must not read the zone anew.
    upgrade::record_offset(conn, offset).map_err(unreachable)?;
    upgrade::run(conn, offset).map_err(taking_over)?;
    run_all(conn, after)?;
    release(conn)
}

/// Takes over what the mall's own server has written since the last time, in tables that are up to date. Needs no more
/// rights than the desk itself.
pub(super) fn take_over(conn: &mut Conn, offset: StorageOffset) -> Result<(), OpenError> {
    lock(conn)?;
    upgrade::run(conn, offset).map_err(taking_over)?;
    release(conn)
}

fn taking_over(error: diesel::result::Error) -> OpenError {
    OpenError::TakingOver(Box::new(error))
}

fn release(conn: &mut Conn) -> Result<(), OpenError> {
    diesel::sql_query(format!("DO RELEASE_LOCK({LOCK})")).execute(conn).map_err(unreachable)?;
    Ok(())
}

fn lock(conn: &mut Conn) -> Result<(), OpenError> {
    let attempt = format!("SELECT GET_LOCK({LOCK}, {SLICE_S}) AS got");
    for _ in 0..SLICES {
        let lock: Lock = diesel::sql_query(&attempt).get_result(conn).map_err(unreachable)?;
        if lock.got == Some(1) {
            return Ok(());
        }
        tracing::info!("another node is upgrading the database; waiting for it");
    }
    Err(OpenError::Migration("another node has been upgrading the database for an hour".into()))
}

fn run_all(conn: &mut Conn, steps: &[Box<dyn Migration<Mysql>>]) -> Result<(), OpenError> {
    for step in steps {
        let started = Instant::now();
        conn.run_migration(step).map_err(OpenError::Migration)?;
        tracing::info!(step = %step.name(), seconds = started.elapsed().as_secs_f64(), "a step of the tables is done");
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = Nullable<BigInt>)]
    got: Option<i64>,
}

#[cfg(test)]
mod tests {
    use diesel::migration::MigrationSource;

    use super::*;

    #[test]
    fn no_step_claims_a_transaction_that_its_first_statement_ends() {
        let steps: Vec<Box<dyn Migration<Mysql>>> = MIGRATIONS.migrations().unwrap();
        let claims =
            steps.iter().filter(|step| step.metadata().run_in_transaction()).map(|step| step.name().to_string());
        assert_eq!(claims.collect::<Vec<_>>(), [""; 0]);
        assert!(steps.len() > 20);
    }
}
