//! How a time lies in a row: MySQL's `datetime(3)`, a wall clock; SQLite's integer, an instant.

use chrono::NaiveDateTime;
use diesel::deserialize::{self, FromSql};
use diesel::mysql::{Mysql, MysqlValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Datetime};
use diesel::sqlite::{Sqlite, SqliteValue};

/// The SQL type of both.
#[allow(unreachable_pub, reason = "the tables are declared public, and may not name a type that is less so")]
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(mysql_type(name = "DateTime"))]
#[diesel(sqlite_type(name = "Long"))]
pub struct Moment;

/// Milliseconds as a row keeps them: of the wall clock on MySQL, of the epoch on SQLite. Only a
/// [`StorageOffset`](crate::StorageOffset) makes an instant of it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = Moment)]
pub(crate) struct Stored(pub(crate) i64);

impl FromSql<Moment, Mysql> for Stored {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        let wall_clock = <NaiveDateTime as FromSql<Datetime, Mysql>>::from_sql(value)?;
        Ok(Self(wall_clock.and_utc().timestamp_millis()))
    }
}

impl ToSql<Moment, Mysql> for Stored {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        let wall_clock = chrono::DateTime::from_timestamp_millis(self.0).ok_or("time out of range")?.naive_utc();
        <NaiveDateTime as ToSql<Datetime, Mysql>>::to_sql(&wall_clock, &mut out.reborrow())
    }
}

impl FromSql<Moment, Sqlite> for Stored {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(value).map(Self)
    }
}

impl ToSql<Moment, Sqlite> for Stored {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0);
        Ok(serialize::IsNull::No)
    }
}

/// The database's own clock, as its rows keep times.
#[derive(Debug, Clone, Copy, diesel::query_builder::QueryId, diesel::expression::ValidGrouping)]
pub(crate) struct Clock;

impl diesel::Expression for Clock {
    type SqlType = Moment;
}

impl<Table> diesel::SelectableExpression<Table> for Clock {}
impl<Table> diesel::AppearsOnTable<Table> for Clock {}

impl diesel::query_builder::QueryFragment<Mysql> for Clock {
    fn walk_ast<'b>(&'b self, mut out: diesel::query_builder::AstPass<'_, 'b, Mysql>) -> diesel::QueryResult<()> {
        out.push_sql("NOW(3)");
        Ok(())
    }
}

impl diesel::query_builder::QueryFragment<Sqlite> for Clock {
    fn walk_ast<'b>(&'b self, mut out: diesel::query_builder::AstPass<'_, 'b, Sqlite>) -> diesel::QueryResult<()> {
        // Rounded, since the product of a fraction and 1000 may fall short of the millisecond.
        out.push_sql("CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)");
        Ok(())
    }
}
