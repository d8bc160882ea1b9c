//! From an address to an open database.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use kefu_domain::BoxError;

use super::dialect::Conn;
use super::durability;
use super::queries::{self, Db};
use super::session::{Sessions, bare};
use crate::fault::Fault;
use crate::pool::{Pools, Sizes};
use crate::{OpenError, Options, StorageOffset};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// How long another process may keep the file from becoming a write-ahead one. SQLite does not wait there by itself.
const WAL_PATIENCE: Duration = Duration::from_secs(30);

/// Where the database is, for the few things that are done without a pool.
pub(crate) struct Site(PathBuf);

pub(crate) fn open(file: &Path, options: &Options) -> Result<Db, OpenError> {
    if !options.migrate && !file.exists() {
        return Err(OpenError::NotMigrated);
    }
    let mut conn = bare(file).map_err(OpenError::Unreachable)?;
    let version = durability::version(&mut conn).map_err(unreachable)?;
    write_ahead(&mut conn).map_err(OpenError::Unreachable)?;
    if options.migrate {
        migrate_on(&mut conn)?;
    }
    let meta = queries::meta(&mut conn, &MIGRATIONS, options)?;
    let sessions = |writes| Sessions { file: file.to_owned(), writes };
    let sizes = Sizes { write: 1, read: options.read_connections, turns: true, lifetime: None };
    let pools = Pools::new(sessions(true), sessions(false), sizes);
    Ok(Db::new(Site(file.to_owned()), pools, version, StorageOffset::UTC, meta))
}

/// Runs the migrations that have not run yet.
pub(crate) fn migrate(site: &Site) -> Result<(), OpenError> {
    let mut conn = bare(&site.0).map_err(OpenError::Unreachable)?;
    migrate_on(&mut conn)
}

/// All of them or none, under the file's write lock.
fn migrate_on(conn: &mut Conn) -> Result<(), OpenError> {
    conn.immediate_transaction(|conn| -> Result<(), BoxError> {
        conn.run_pending_migrations(MIGRATIONS)?;
        Ok(())
    })
    .map_err(OpenError::Migration)
}

/// Readers shall not wait for the writer. The mode stays with the file, so this is done once in its life.
fn write_ahead(conn: &mut Conn) -> Result<(), BoxError> {
    let until = Instant::now() + WAL_PATIENCE;
    loop {
        match diesel::sql_query("PRAGMA journal_mode = WAL").get_result::<Mode>(conn) {
            Ok(mode) if mode.journal_mode == "wal" => return Ok(()),
            Ok(_) => return Err("its file system does not allow a write-ahead log".into()),
            Err(error) if Fault::of(&error) == Fault::Contended && Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn unreachable(error: Error) -> OpenError {
    OpenError::Unreachable(Box::new(error))
}

#[derive(QueryableByName)]
struct Mode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}
