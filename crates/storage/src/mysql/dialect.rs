//! What MariaDB and MySQL say differently.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error::DeserializationError;

use crate::kept::{in_arrays, one_of};
use crate::rows::{ConversationRow, NewMessage};
use crate::schema::{promotion_kefu_conversation as conversation, promotion_kefu_message as message};
use crate::stored::{Clock, Stored};

use super::over::Over;

pub(crate) use super::durability::durability;
pub(crate) use super::merged::merged_into;
pub(crate) use super::opening::{Site, migrate};
pub(crate) use super::session::Sessions;

/// The pure-Rust client.
#[cfg(not(feature = "mysql-c"))]
pub(crate) type Conn = super::connect::Wrapped;
/// Diesel's own connection over the C client.
#[cfg(feature = "mysql-c")]
pub(crate) type Conn = diesel::MysqlConnection;

/// The backend of the connection.
pub(crate) type Sql = diesel::mysql::Mysql;

pub(crate) fn begin(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("START TRANSACTION")
}

/// Locks the conversations that nobody else holds, in the order of their ids, and reads the clock with them.
pub(crate) fn lock(conn: &mut Conn, ids: &[i64]) -> QueryResult<Vec<(ConversationRow, Stored)>> {
    conversation::table
        .filter(one_of(conversation::id, ids))
        .filter(conversation::deleted.eq(false))
        .order(conversation::id)
        .select((ConversationRow::as_select(), Clock))
        .for_update()
        .skip_locked()
        .load(conn)
}

/// Inserts messages and returns their ids, in the same order.
///
/// The server hands out the ids of one statement in one go and tells the first of them.
pub(crate) fn insert_messages(conn: &mut Conn, rows: &[NewMessage], id_step: i64) -> QueryResult<Vec<i64>> {
    let mut ids = Vec::with_capacity(rows.len());
    in_arrays!(rows, rows => {
        diesel::insert_into(message::table).values(rows).execute(conn)?;
        let first: u64 = diesel::select(last_insert_id()).get_result(conn)?;
        let first = i64::try_from(first).map_err(|error| DeserializationError(Box::new(error)))?;
        ids.extend((first..).step_by(usize::try_from(id_step).unwrap_or(1)).take(rows.len()));
    });
    Ok(ids)
}

/// Writes full rows back. All of them are locked, so it never inserts.
pub(crate) fn write_back(conn: &mut Conn, rows: &[ConversationRow]) -> QueryResult<()> {
    in_arrays!(rows, rows => Over(diesel::insert_into(conversation::table).values(rows)).execute(conn)?);
    Ok(())
}

diesel::define_sql_function! {
    /// The first id of the last insertion.
    fn last_insert_id() -> diesel::sql_types::Unsigned<diesel::sql_types::BigInt>;
}

/// Makes 16 hex digits. `RANDOM_BYTES` came with MariaDB 10.10; this needs to be new, not secret.
pub(crate) const NEW_EPOCH: &str = "LEFT(MD5(CONCAT(UUID(), RAND())), 16)";

/// Locks the rows that a query finds, and waits for them.
macro_rules! locked {
    ($query:expr) => {
        $query.for_update()
    };
}
pub(crate) use locked;
