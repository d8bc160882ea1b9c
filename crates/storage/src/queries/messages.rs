//! Pages of messages.

use diesel::prelude::*;
use kefu_domain::{ConversationId, Message, MessagePage, Scope, Side, StoreError};

use super::super::dialect::{Conn, Sql};
use super::Db;
use crate::rows::{MessageRow, whole_second};
use crate::schema::promotion_kefu_message as message;
use crate::schema::promotion_kefu_message::dsl as m;
use crate::stored::Stored;

type Messages = message::BoxedQuery<'static, Sql>;

impl Db {
    pub(crate) fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        let all = || {
            message::table
                .filter(m::conversation_id.eq(id.0))
                .filter(m::tenant_id.eq(scope.tenant.0))
                .filter(m::deleted.eq(false))
                .into_boxed()
        };
        let left = || match reader {
            Side::Member => all().filter(m::member_deleted.eq(false)),
            Side::Desk => all().filter(m::admin_deleted.eq(false)),
        };
        let rows = self.read(|conn| match *page {
            MessagePage::Newest(limit) => whole_seconds(conn, left, left(), limit),
            MessagePage::Before(time, limit) => {
                whole_seconds(conn, left, left().filter(m::create_time.lt(self.offset.stored(time))), limit)
            }
            MessagePage::BeforeSeq(seq, limit) => {
                load(conn, all().filter(m::seq.lt(seq)).order(m::seq.desc()).limit(i64::from(limit)))
            }
            MessagePage::SinceSeq(seq, limit) => {
                load(conn, all().filter(m::seq.gt(seq)).order(m::seq.asc()).limit(i64::from(limit)))
            }
        })?;
        Ok(rows.into_iter().map(|row| row.message(self.offset)).collect())
    }

    pub(crate) fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<MessageRow> = self.read(|conn| {
            m::promotion_kefu_message
                .filter(m::conversation_id.eq(id.0))
                .filter(m::tenant_id.eq(scope.tenant.0))
                .filter(m::deleted.eq(false))
                .filter(m::change_no.gt(since))
                .filter(m::seq.le(up_to))
                .filter(m::revoked_time.is_not_null().or(m::member_deleted.eq(true)).or(m::admin_deleted.eq(true)))
                .order(m::change_no.asc())
                .limit(i64::from(limit))
                .select(MessageRow::as_select())
                .load(conn)
        })?;
        Ok(rows.into_iter().map(|row| row.message(self.offset)).collect())
    }
}

fn load(conn: &mut Conn, messages: Messages) -> QueryResult<Vec<MessageRow>> {
    messages.select(MessageRow::as_select()).load(conn)
}

/// The newest of these, and of a full page's oldest second all: whoever asks on does so with whole seconds.
///
/// An offset is whole minutes, so the wall clock's seconds are everybody's. Messages that the mall's own server
/// wrote may share a time; among those the ids decide.
fn whole_seconds(
    conn: &mut Conn,
    all: impl Fn() -> Messages,
    messages: Messages,
    limit: u32,
) -> QueryResult<Vec<MessageRow>> {
    let newest_first = |messages: Messages| messages.order((m::create_time.desc(), m::id.desc()));
    let mut page = load(conn, newest_first(messages).limit(i64::from(limit)))?;
    let full = u32::try_from(page.len()).is_ok_and(|len| len == limit);
    let Some((id, time)) = page.last().filter(|_| full).map(|oldest| (oldest.id, oldest.create_time)) else {
        return Ok(page);
    };
    page.extend(load(conn, newest_first(rest_of_second(all(), id, time)))?);
    Ok(page)
}

fn rest_of_second(messages: Messages, id: i64, time: Stored) -> Messages {
    messages
        .filter(m::create_time.ge(whole_second(time)))
        .filter(m::create_time.le(time))
        .filter(m::create_time.lt(time).or(m::id.lt(id)))
}
