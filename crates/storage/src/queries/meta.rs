//! What the database says about itself, written down when it is opened for the first time.

use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel_migrations::EmbeddedMigrations;
use kefu_domain::StoreError;

use super::super::dialect::{Conn, NEW_EPOCH, Sql};
use super::Db;
use super::transact::unless_taken;
use crate::fault::Fault;
use crate::schema::kefu_meta;
use crate::{OpenError, Options, StorageOffset};

/// The name under which the record holds it.
const EPOCH: &str = "epoch";

/// The record.
pub(crate) struct Meta {
    pub(crate) epoch: String,
    pub(crate) offset: StorageOffset,
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Ran {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Reads the record; what is missing is written first. Of two that write at once, both read what one wrote.
pub(crate) fn meta(conn: &mut Conn, migrations: &EmbeddedMigrations, options: &Options) -> Result<Meta, OpenError> {
    if !have_run(conn, migrations)? {
        return Err(OpenError::NotMigrated);
    }
    let epoch = recorded(conn, EPOCH, new_epoch)?;
    if epoch.len() != 16 || !epoch.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(OpenError::Meta("its epoch"));
    }
    let offset = recorded(conn, "storage_offset", |_| Ok(options.storage_offset.unwrap_or_default().to_string()))?;
    let offset = offset.parse().map_err(|_| OpenError::Meta("its storage offset"))?;
    Ok(Meta { epoch, offset })
}

impl Db {
    /// Records a new epoch. What is open keeps the old one.
    pub(crate) fn renew_epoch(&self) -> Result<String, StoreError> {
        self.transact(|conn| {
            let epoch = new_epoch(conn)?;
            diesel::update(kefu_meta::table.find(EPOCH)).set(kefu_meta::value.eq(&epoch)).execute(conn)?;
            Ok(epoch)
        })
    }
}

fn new_epoch(conn: &mut Conn) -> QueryResult<String> {
    diesel::sql_query(format!("SELECT {NEW_EPOCH} AS value")).get_result(conn).map(|made: Made| made.value)
}

fn recorded(
    conn: &mut Conn,
    name: &str,
    first: impl FnOnce(&mut Conn) -> QueryResult<String>,
) -> Result<String, OpenError> {
    let find = |conn: &mut Conn| {
        kefu_meta::table.find(name).select(kefu_meta::value).first::<String>(conn).optional().map_err(unreachable)
    };
    if let Some(value) = find(conn)? {
        return Ok(value);
    }
    let value = first(conn).map_err(unreachable)?;
    let row = (kefu_meta::name.eq(name), kefu_meta::value.eq(&value));
    unless_taken(diesel::insert_into(kefu_meta::table).values(row).execute(conn)).map_err(unreachable)?;
    find(conn)?.ok_or(OpenError::Meta("itself"))
}

/// Whether every migration of this program has run. Asks without creating anything.
fn have_run(conn: &mut Conn, migrations: &EmbeddedMigrations) -> Result<bool, OpenError> {
    let ran: Vec<Ran> = match diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(conn) {
        Ok(ran) => ran,
        Err(error) if matches!(Fault::of(&error), Fault::Lost | Fault::Contended) => return Err(unreachable(error)),
        Err(_) => return Ok(false),
    };
    let ours = MigrationSource::<Sql>::migrations(migrations).map_err(OpenError::Migration)?;
    Ok(ours.iter().all(|one| ran.iter().any(|ran| one.name().version().to_string() == ran.version)))
}

fn unreachable(error: Error) -> OpenError {
    OpenError::Unreachable(Box::new(error))
}
