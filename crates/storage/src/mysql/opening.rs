//! From an address to an open database.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Nullable};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use kefu_domain::BoxError;

use super::dialect::Conn;
use super::durability;
use super::queries::{self, Db};
use super::session::{Sessions, bare};
use crate::pool::{Pools, Sizes};
use crate::{OpenError, Options};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// How long a starting node waits for another one that migrates. Rebuilding a mall's table of messages takes
/// minutes.
const MIGRATION_PATIENCE_S: u32 = 600;

/// Well below the hours after which servers, and the minutes after which firewalls, forget idle connections.
const LIFETIME: Duration = Duration::from_secs(600);

/// Where the database is, for the few things that are done without a pool.
pub(crate) struct Site(String);

pub(crate) fn open(url: &str, options: &Options) -> Result<Db, OpenError> {
    let mut conn = bare(url).map_err(OpenError::Unreachable)?;
    let version = durability::version(&mut conn).map_err(unreachable)?;
    if durability::is_too_old(&version) {
        return Err(OpenError::TooOld(version));
    }
    if durability::writes_statements(&mut conn).map_err(unreachable)? {
        return Err(OpenError::StatementBinlog);
    }
    if options.migrate {
        migrate_on(&mut conn).map_err(OpenError::Migration)?;
    }
    let meta = queries::meta(&mut conn, &MIGRATIONS, options)?;
    let sessions = || Sessions { url: url.to_owned(), offset: meta.offset };
    let sizes = Sizes {
        write: options.write_connections,
        read: options.read_connections,
        turns: false,
        lifetime: Some(LIFETIME),
    };
    Ok(Db::new(Site(url.to_owned()), Pools::new(sessions(), sessions(), sizes), version, meta.offset, meta))
}

/// Runs the migrations that have not run yet.
pub(crate) fn migrate(site: &Site) -> Result<(), OpenError> {
    let mut conn = bare(&site.0).map_err(OpenError::Unreachable)?;
    migrate_on(&mut conn).map_err(OpenError::Migration)
}

/// Under a lock of the server, which goes with the connection when this process dies.
fn migrate_on(conn: &mut Conn) -> Result<(), BoxError> {
    const NAME: &str = "CONCAT('kefu-migrations-', MD5(DATABASE()))";
    let lock: Lock =
        diesel::sql_query(format!("SELECT GET_LOCK({NAME}, {MIGRATION_PATIENCE_S}) AS got")).get_result(conn)?;
    if lock.got != Some(1) {
        return Err("another node has been migrating for ten minutes".into());
    }
    conn.run_pending_migrations(MIGRATIONS)?;
    diesel::sql_query(format!("DO RELEASE_LOCK({NAME})")).execute(conn)?;
    Ok(())
}

fn unreachable(error: diesel::result::Error) -> OpenError {
    OpenError::Unreachable(Box::new(error))
}

#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = Nullable<BigInt>)]
    got: Option<i64>,
}
