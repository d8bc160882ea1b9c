//! Statements of many rows, in few sizes, so that they can be kept prepared.
//!
//! Preparing the statements of a batch costs a fifth of the server's work for it. Diesel keeps those whose text
//! it knows from their type, and others under their text; so the lanes' statements come in the powers of two,
//! and there are few of either.

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};
use diesel::{Column, QueryResult};

/// The largest size.
pub(crate) const LARGEST: usize = 128;

/// Does something with the rows, array by array: each as large as it can be, in their order.
macro_rules! in_arrays {
    ($rows:expr, $array:ident => $act:expr) => {
        let mut rest = $rows;
        while !rest.is_empty() {
            crate::kept::in_arrays!(rest, $array, $act, 128 64 32 16 8 4 2 1);
        }
    };
    ($rest:ident, $array:ident, $act:expr, $($size:literal)+) => {
        $(if let Some(($array, more)) = $rest.split_first_chunk::<$size>() {
            $rest = more;
            $act;
            continue;
        })+
    };
}
pub(crate) use in_arrays;

/// At most [`LARGEST`] values, the last one repeated until there are as many as one of the sizes.
pub(crate) fn filled<T: Clone>(values: &[T]) -> Vec<T> {
    let mut filled = values.to_vec();
    if let Some(last) = values.last() {
        filled.resize(values.len().next_power_of_two(), last.clone());
    }
    filled
}

/// Whether a column is one of these numbers; unlike Diesel's own, a statement with it is kept.
pub(crate) struct OneOf<C> {
    column: C,
    numbers: Vec<i64>,
}

/// Whether a column is one of at least one and at most [`LARGEST`] numbers.
pub(crate) fn one_of<C>(column: C, numbers: &[i64]) -> OneOf<C> {
    OneOf { column, numbers: filled(numbers) }
}

impl<C> Expression for OneOf<C> {
    type SqlType = Bool;
}

impl<C: Column<SqlType = BigInt>> AppearsOnTable<C::Table> for OneOf<C> {}
impl<C: Column<SqlType = BigInt>> SelectableExpression<C::Table> for OneOf<C> {}

impl<C> ValidGrouping<()> for OneOf<C> {
    type IsAggregate = is_aggregate::No;
}

/// None, since its text depends on how many there are.
impl<C> QueryId for OneOf<C> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, DB> QueryFragment<DB> for OneOf<C>
where
    DB: Backend + HasSqlType<BigInt>,
    C: QueryFragment<DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        let mut before = " IN (";
        for number in &self.numbers {
            out.push_sql(before);
            out.push_bind_param::<BigInt, i64>(number)?;
            before = ", ";
        }
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: usize, sizes: &[usize]) {
        let rows: Vec<_> = (0..rows).collect();
        let mut parts: Vec<Vec<usize>> = Vec::new();
        in_arrays!(rows.as_slice(), part => parts.push(part.to_vec()));
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
        assert_eq!(parts.concat(), rows);
    }

    #[test]
    fn rows_come_in_powers_of_two_and_in_order() {
        check(0, &[]);
        check(1, &[1]);
        check(7, &[4, 2, 1]);
        check(128, &[128]);
        check(300, &[128, 128, 32, 8, 4]);
    }

    #[test]
    fn values_are_filled_up_with_their_last() {
        assert_eq!(filled(&[1, 2, 3]), [1, 2, 3, 3]);
        assert_eq!(filled(&[1, 2]), [1, 2]);
        assert_eq!(filled(&[7]), [7]);
        assert!(filled::<i32>(&[]).is_empty());
    }
}
