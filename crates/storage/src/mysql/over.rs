//! Conversations written back: full rows over those that are there, many with one statement.

use diesel::mysql::Mysql;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use crate::written::written_columns;

macro_rules! names {
    ($($column:ident),+) => {
        [$(stringify!($column)),+]
    };
}

/// An insertion that writes over the rows of the same ids. Diesel's own has no way to name the value that was to
/// be inserted, and is never kept prepared.
#[derive(Debug, QueryId)]
pub(crate) struct Over<Insertion>(pub(crate) Insertion);

impl<Insertion: QueryFragment<Mysql>> QueryFragment<Mysql> for Over<Insertion> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        let mut before = " ON DUPLICATE KEY UPDATE ";
        for column in written_columns!(names) {
            out.push_sql(before);
            out.push_identifier(column)?;
            // MySQL would rather have a row alias, which MariaDB does not know.
            out.push_sql(" = VALUES(");
            out.push_identifier(column)?;
            out.push_sql(")");
            before = ", ";
        }
        Ok(())
    }
}

impl<Insertion, Conn> RunQueryDsl<Conn> for Over<Insertion> {}
