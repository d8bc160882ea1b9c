//! Why a database could not be opened.

use kefu_domain::BoxError;

use crate::StorageOffset;

/// The database could not be opened. Each is one sentence that an operator can act on; none holds an address,
/// since addresses hold passwords.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Neither of the kinds of addresses that are understood.
    #[error("the database address must begin with mysql://, mariadb:// or sqlite:")]
    Scheme,
    /// Of a known kind, but not usable.
    #[error("the database address is not usable: {0}")]
    Address(String),
    /// No connection.
    #[error("the database cannot be reached")]
    Unreachable(#[source] BoxError),
    /// It lacks what the desk is built on.
    #[error("the database is {0}; MariaDB 10.6 and MySQL 8.0 are the oldest that work")]
    TooOld(String),
    /// Under READ COMMITTED every write would fail.
    #[error("the database's binlog_format is STATEMENT, under which the desk cannot write: set it to ROW or MIXED")]
    StatementBinlog,
    /// A step of the schema failed; the steps before it are kept.
    #[error("a migration did not run")]
    Migration(#[source] BoxError),
    /// Between the steps of the schema; what is done stays done, and the next start goes on.
    #[error("the rows that the mall's own server wrote could not be taken over")]
    TakingOver(#[source] BoxError),
    /// Times that are written already would all move.
    #[error(
        "the database keeps its times at {recorded} from UTC, and the setting database.zone says {wanted}: \
         set it to a zone at {recorded}"
    )]
    Offset {
        /// What the settings say.
        wanted: StorageOffset,
        /// What the database has recorded.
        recorded: StorageOffset,
    },
    /// Migrations are switched off, and the tables are not those of this program.
    #[error("the database's tables are missing or older than this program, and migrations are switched off")]
    NotMigrated,
    /// What the database has recorded about itself makes no sense.
    #[error("the database's record of {0} is not usable")]
    Meta(&'static str),
}
