//! Where the ids of conversations lead that an upgrade has merged into others.

use diesel::prelude::*;

use super::dialect::Conn;

diesel::table! {
    /// Conversations that were set aside.
    kefu_conversation_merged (old_id) {
        old_id -> BigInt,
        into_id -> Nullable<BigInt>,
    }
}

/// The conversation that took this one in, if one did.
pub(crate) fn merged_into(conn: &mut Conn, id: i64) -> QueryResult<Option<i64>> {
    kefu_conversation_merged::table
        .find(id)
        .select(kefu_conversation_merged::into_id)
        .first(conn)
        .optional()
        .map(Option::flatten)
}
