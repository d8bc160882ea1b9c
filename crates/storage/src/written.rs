//! Rows written over what is there: the column's value of the row that would have been inserted.

use diesel::mysql::Mysql;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sqlite::Sqlite;

/// The value that the rejected row has in a column; Diesel knows it for SQLite only.
#[derive(Debug, Clone, Copy, diesel::query_builder::QueryId)]
pub(crate) struct Written<C>(pub(crate) C);

impl<C: Column> diesel::Expression for Written<C> {
    type SqlType = C::SqlType;
}

impl<C: Column> diesel::AppearsOnTable<C::Table> for Written<C> {}

impl<C: Column> QueryFragment<Mysql> for Written<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        // MySQL would rather have a row alias, which MariaDB does not know.
        out.push_sql("VALUES(");
        out.push_identifier(C::NAME)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C: Column> QueryFragment<Sqlite> for Written<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("excluded.");
        out.push_identifier(C::NAME)
    }
}

/// Everything of a conversation that can change.
macro_rules! written_columns {
    () => {{
        use crate::schema::promotion_kefu_conversation::*;
        use crate::written::Written;

        (
            last_message_time.eq(Written(last_message_time)),
            last_message_content.eq(Written(last_message_content)),
            last_message_content_type.eq(Written(last_message_content_type)),
            admin_pinned.eq(Written(admin_pinned)),
            user_deleted.eq(Written(user_deleted)),
            admin_deleted.eq(Written(admin_deleted)),
            admin_unread_message_count.eq(Written(admin_unread_message_count)),
            update_time.eq(Written(update_time)),
            head_seq.eq(Written(head_seq)),
            change_no.eq(Written(change_no)),
            member_read_seq.eq(Written(member_read_seq)),
            admin_read_seq.eq(Written(admin_read_seq)),
            change_time.eq(Written(change_time)),
        )
    }};
}
pub(crate) use written_columns;
