//! What SQLite says differently.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::rows::{ConversationRow, NewMessage};
use crate::schema::{promotion_kefu_conversation as conversation, promotion_kefu_message as message};
use crate::stored::{Clock, Stored};
use crate::written::written_columns;

pub(crate) use super::durability::durability;
pub(crate) use super::opening::{Site, migrate};
pub(crate) use super::session::Sessions;

/// Diesel's own connection over the SQLite that is built in.
pub(crate) type Conn = diesel::SqliteConnection;

/// The backend of the connection.
pub(crate) type Sql = diesel::sqlite::Sqlite;

/// Takes the write lock at once: a reader that becomes a writer later may find that it read too early.
pub(crate) fn begin(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("BEGIN IMMEDIATE")
}

/// Loads the conversations, in the order of their ids, with the clock; the whole file is locked already.
pub(crate) fn lock(conn: &mut Conn, ids: &[i64]) -> QueryResult<Vec<(ConversationRow, Stored)>> {
    conversation::table
        .filter(conversation::id.eq_any(ids))
        .filter(conversation::deleted.eq(false))
        .order(conversation::id)
        .select((ConversationRow::as_select(), Clock))
        .load(conn)
}

/// Inserts messages with one statement and returns their ids, in the same order; SQLite tells the last of them.
pub(crate) fn insert_messages(conn: &mut Conn, rows: &[NewMessage<'_>], id_step: i64) -> QueryResult<Vec<i64>> {
    diesel::insert_into(message::table).values(rows).execute(conn)?;
    let last: i64 = diesel::select(last_insert_rowid()).get_result(conn)?;
    let mut ids: Vec<_> = std::iter::successors(Some(last), |id| Some(id - id_step)).take(rows.len()).collect();
    ids.reverse();
    Ok(ids)
}

/// Writes full rows back with one statement. All of them are locked, so it never inserts.
pub(crate) fn write_back(conn: &mut Conn, rows: &[ConversationRow]) -> QueryResult<()> {
    diesel::insert_into(conversation::table)
        .values(rows)
        .on_conflict(conversation::id)
        .do_update()
        .set(written_columns!())
        .execute(conn)
        .map(|_| ())
}

diesel::define_sql_function! {
    /// The id of the last row that this connection inserted.
    fn last_insert_rowid() -> diesel::sql_types::BigInt;
}

/// Makes 16 hex digits.
pub(crate) const NEW_EPOCH: &str = "LOWER(HEX(RANDOMBLOB(8)))";

/// Nothing: whoever writes holds the whole file.
macro_rules! locked {
    ($query:expr) => {
        $query
    };
}
pub(crate) use locked;
