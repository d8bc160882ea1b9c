//! What SQLite says differently.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::kept::{in_arrays, one_of};
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
        .filter(one_of(conversation::id, ids))
        .filter(conversation::deleted.eq(false))
        .order(conversation::id)
        .select((ConversationRow::as_select(), Clock))
        .load(conn)
}

/// Inserts messages and returns their ids, in the same order; of one statement SQLite tells the last.
pub(crate) fn insert_messages(conn: &mut Conn, rows: &[NewMessage], id_step: i64) -> QueryResult<Vec<i64>> {
    let mut ids = Vec::with_capacity(rows.len());
    in_arrays!(rows, rows => {
        diesel::insert_into(message::table).values(rows).execute(conn)?;
        let last: i64 = diesel::select(last_insert_rowid()).get_result(conn)?;
        ids.extend((0..rows.len()).rev().filter_map(|behind| Some(last - id_step * i64::try_from(behind).ok()?)));
    });
    Ok(ids)
}

macro_rules! rewritten {
    ($($column:ident),+) => {
        ($(conversation::$column.eq(excluded(conversation::$column))),+)
    };
}

/// Writes full rows back. All of them are locked, so it never inserts.
pub(crate) fn write_back(conn: &mut Conn, rows: &[ConversationRow]) -> QueryResult<()> {
    in_arrays!(rows, rows => diesel::insert_into(conversation::table)
        .values(rows)
        .on_conflict(conversation::id)
        .do_update()
        .set(written_columns!(rewritten))
        .execute(conn)?);
    Ok(())
}

/// Nothing: no mall keeps its conversations in a file, so none was ever merged.
#[allow(clippy::unnecessary_wraps, reason = "MySQL's has to ask")]
pub(crate) fn merged_into(_: &mut Conn, _: i64) -> QueryResult<Option<i64>> {
    Ok(None)
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
