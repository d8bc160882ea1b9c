//! The connection's settings that decide what an acknowledgement is worth.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::dialect::Conn;
use crate::Durability;

/// `PRAGMA synchronous` as a number: the log is synced with every commit from here on.
const FULL: i64 = 2;

#[derive(QueryableByName)]
struct Settings {
    #[diesel(sql_type = Text)]
    journal_mode: String,
    #[diesel(sql_type = BigInt)]
    synchronous: i64,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

pub(crate) fn durability(conn: &mut Conn, version: &str) -> QueryResult<Durability> {
    let found: Settings = diesel::sql_query(
        "SELECT (SELECT journal_mode FROM pragma_journal_mode) AS journal_mode,
                (SELECT synchronous FROM pragma_synchronous) AS synchronous",
    )
    .get_result(conn)?;
    let mut warnings = Vec::new();
    if found.synchronous < FULL {
        warnings.push("synchronous is below FULL: a crash of the machine loses acknowledged messages".to_owned());
    }
    if matches!(found.journal_mode.as_str(), "off" | "memory") {
        warnings.push("the journal is not on the disk: a crash may lose the whole file".to_owned());
    }
    let settings = vec![("journal_mode", found.journal_mode), ("synchronous", found.synchronous.to_string())];
    Ok(Durability { version: version.to_owned(), settings, warnings })
}

/// `SQLite 3.53.2`.
pub(crate) fn version(conn: &mut Conn) -> QueryResult<String> {
    let found: Version = diesel::sql_query("SELECT sqlite_version() AS version").get_result(conn)?;
    Ok(format!("SQLite {}", found.version))
}
