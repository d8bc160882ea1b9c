//! The one place that says what a driver's error means, and whether its connection is still sound.
//!
//! The MySQL driver keeps the server's text and drops its number, SQLite's keeps neither but the text, so the
//! texts are what is compared; sessions are opened with English messages for that. What is not known here is
//! taken for the worst: the connection goes, and the work may be tried again.

use diesel::result::{DatabaseErrorKind, Error};
use kefu_domain::StoreError;

/// What an error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Somebody else was faster; nothing was written, the connection is sound.
    Contended,
    /// The data are at fault; the connection is sound.
    Refused,
    /// The data are at fault, and the server hangs up on such data.
    RefusedAndLost,
    /// The database cannot do it now; the connection is sound.
    Down,
    /// The connection is gone, and so, most likely, are all those opened before it failed.
    Lost,
    /// Not known: the connection is not trusted any more.
    Unknown,
}

/// Parts of texts, in lower case; the first that occurs decides.
const TEXTS: &[(&str, Fault)] = &[
    // MariaDB and MySQL.
    ("deadlock found", Fault::Contended),
    ("lock wait timeout exceeded", Fault::Contended),
    ("max_statement_time exceeded", Fault::Contended),
    ("maximum statement execution time exceeded", Fault::Contended),
    ("record has changed since last read", Fault::Contended),
    ("query execution was interrupted", Fault::Contended),
    ("data too long for column", Fault::Refused),
    ("out of range value", Fault::Refused),
    ("incorrect string value", Fault::Refused),
    ("incorrect datetime value", Fault::Refused),
    ("doesn't have a default value", Fault::Refused),
    ("cannot be null", Fault::Refused),
    ("max_allowed_packet", Fault::RefusedAndLost),
    ("packet too large", Fault::RefusedAndLost),
    ("no space left on device", Fault::Down),
    ("disk full", Fault::Down),
    ("disk is full", Fault::Down),
    ("' is full", Fault::Down),
    ("read-only", Fault::Down),
    ("read only", Fault::Down),
    ("too many connections", Fault::Down),
    ("max_user_connections", Fault::Down),
    ("too many active concurrent transactions", Fault::Down),
    ("server shutdown in progress", Fault::Lost),
    ("connection was killed", Fault::Lost),
    ("connection to the server is closed", Fault::Lost),
    ("disconnected by the server", Fault::Lost),
    ("server has gone away", Fault::Lost),
    ("lost connection", Fault::Lost),
    ("input/output error", Fault::Lost),
    ("connection refused", Fault::Lost),
    ("wsrep has not yet prepared", Fault::Lost),
    // SQLite.
    ("is locked", Fault::Contended),
    ("string or blob too big", Fault::Refused),
    ("readonly database", Fault::Down),
    ("unable to open database file", Fault::Lost),
    ("disk i/o error", Fault::Unknown),
];

impl Fault {
    /// What a driver's error means.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation => Self::Refused,
                DatabaseErrorKind::SerializationFailure => Self::Contended,
                DatabaseErrorKind::ReadOnlyTransaction => Self::Down,
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Self::Lost,
                _ => Self::of_text(information.message()),
            },
            Error::DeserializationError(_) | Error::SerializationError(_) | Error::NotFound => Self::Refused,
            _ => Self::Unknown,
        }
    }

    fn of_text(text: &str) -> Self {
        let text = text.to_lowercase();
        TEXTS.iter().find(|(part, _)| text.contains(part)).map_or(Self::Unknown, |(_, fault)| *fault)
    }

    /// Whether the connection may be used again.
    pub(crate) const fn spares_connection(self) -> bool {
        matches!(self, Self::Contended | Self::Refused | Self::Down)
    }

    /// The error as the rules' callers know it.
    pub(crate) fn error(self, cause: Error) -> StoreError {
        let cause = Box::new(cause);
        match self {
            Self::Contended => StoreError::Contended(cause),
            Self::Refused | Self::RefusedAndLost => StoreError::Failed(cause),
            Self::Down | Self::Lost | Self::Unknown => StoreError::Unavailable(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, fault: Fault) {
        let error = Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()));
        assert_eq!(Fault::of(&error), fault, "{text}");
    }

    #[test]
    fn a_lost_race_is_told_from_everything_else() {
        check("Deadlock found when trying to get lock; try restarting transaction", Fault::Contended);
        check("Lock wait timeout exceeded; try restarting transaction", Fault::Contended);
        check("Query execution was interrupted (max_statement_time exceeded)", Fault::Contended);
        check("Query execution was interrupted, maximum statement execution time exceeded", Fault::Contended);
        check("Query execution was interrupted", Fault::Contended);
        check("database is locked", Fault::Contended);
        check("database table is locked: kefu_token", Fault::Contended);
        check("Record has changed since last read in table 'kefu_token'", Fault::Contended);
    }

    #[test]
    fn a_lost_connection_is_known_by_what_the_driver_says() {
        check("Connection was killed", Fault::Lost);
        check("Server shutdown in progress", Fault::Lost);
        check("Driver error: `Connection to the server is closed.'", Fault::Lost);
        check("Input/output error: Input/output error: Connection reset by peer (os error 104)", Fault::Lost);
        check("Input/output error: Input/output error: Broken pipe (os error 32)", Fault::Lost);
        check("The client was disconnected by the server because of inactivity.", Fault::Lost);
        check("WSREP has not yet prepared node for application use", Fault::Lost);
    }

    #[test]
    fn a_full_or_locked_disk_is_not_the_data_s_fault() {
        check("The table 'promotion_kefu_message' is full", Fault::Down);
        check("Disk full (/tmp/x); waiting for someone to free some space...", Fault::Down);
        check("Got error 28 \"No space left on device\" from storage engine InnoDB", Fault::Down);
        check("Error writing file './binlog' (Errcode: 28 \"No space left on device\")", Fault::Down);
        check("database or disk is full", Fault::Down);
        check("attempt to write a readonly database", Fault::Down);
        check(
            "The MariaDB server is running with the --read-only option so it cannot execute this statement",
            Fault::Down,
        );
        check("Too many connections", Fault::Down);
    }

    #[test]
    fn what_the_data_did_is_refused() {
        check("Data too long for column 'content' at row 3", Fault::Refused);
        check("Out of range value for column 'admin_unread_message_count' at row 1", Fault::Refused);
        check("Incorrect string value: '\\xF0\\x9F' for column 'content' at row 1", Fault::Refused);
        check("Got a packet bigger than 'max_allowed_packet' bytes", Fault::RefusedAndLost);
        check("Driver error: `Packet too large.'", Fault::RefusedAndLost);
        let unique = Error::DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new(String::new()));
        assert_eq!(Fault::of(&unique), Fault::Refused);
    }

    #[test]
    fn what_is_not_known_costs_the_connection() {
        check("Unknown column 'x' in 'field list'", Fault::Unknown);
        check("disk I/O error", Fault::Unknown);
        check("database disk image is malformed", Fault::Unknown);
        check("", Fault::Unknown);
        assert_eq!(Fault::of(&Error::RollbackTransaction), Fault::Unknown);
        assert!(!Fault::Unknown.spares_connection());
        assert!(!Fault::Lost.spares_connection());
        assert!(Fault::Contended.spares_connection());
    }
}
