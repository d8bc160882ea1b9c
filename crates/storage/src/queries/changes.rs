//! Conversations by the time of their last change: what a list has missed, and where all of them stand.

use std::collections::BTreeSet;

use diesel::prelude::*;
use kefu_domain::{
    ChangedPage, Conversation, ConversationId, Head, MemberId, Scope, ShopId, StoreError, TenantId, Timestamp,
};

use super::conversations::of_scope;
use super::{Condition, Db, any_of, clock};
use crate::kept::{LARGEST, filled};
use crate::rows::ConversationRow;
use crate::schema::promotion_kefu_conversation as conversation;
use crate::schema::promotion_kefu_conversation::dsl as c;
use crate::stored::Stored;

/// Tenant, shop, id, member, head and number of changes.
type HeadRow = (i64, i64, i64, i64, i64, i64);

impl Db {
    pub(crate) fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        // One lower bound: of two, SQLite would walk from whichever comes first in the text.
        let from = page.after.map_or(page.since, |(time, _)| time.max(page.since));
        let rows = self.read(|conn| {
            let mut changed =
                of_scope(scope).filter(c::head_seq.gt(0)).filter(c::change_time.ge(self.offset.stored(from)));
            if let Some((time, id)) = page.after {
                let later = c::change_time.assume_not_null().gt(self.offset.stored(time));
                changed = changed.filter(later.or(c::id.gt(id.0)));
            }
            changed
                .order((c::change_time.asc(), c::id.asc()))
                .limit(i64::from(page.limit))
                .select(ConversationRow::as_select())
                .load(conn)
        })?;
        Ok(rows.into_iter().map(|row: ConversationRow| row.conversation(self.offset)).collect())
    }

    /// Asked every few seconds by each node: one statement for [`LARGEST`] scopes. The clock is read first, so that
    /// what has changed since it was read is found again next time.
    pub(crate) fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        let scopes: BTreeSet<_> = scopes.iter().copied().collect();
        let scopes: Vec<_> = scopes.into_iter().collect();
        let (now, rows) = self.read(|conn| {
            let now = clock(conn)?;
            let since = Stored(now.0.saturating_sub(within));
            let mut rows: Vec<HeadRow> = Vec::new();
            for scopes in scopes.chunks(LARGEST) {
                let conditions = filled(scopes).into_iter().map(|scope| changed_at(scope, since)).collect();
                let Some(changed) = any_of(conditions) else { continue };
                rows.extend(
                    conversation::table
                        .filter(changed)
                        .filter(c::deleted.eq(false))
                        .filter(c::head_seq.gt(0))
                        .select((c::tenant_id, c::shop_id, c::id, c::user_id, c::head_seq, c::change_no))
                        .load::<HeadRow>(conn)?,
                );
            }
            Ok((now, rows))
        })?;
        Ok((self.offset.instant(now), rows.into_iter().map(head).collect()))
    }
}

/// What has changed in a scope since a time, said so that the index of changes can jump there.
fn changed_at(scope: Scope, since: Stored) -> Condition<conversation::table> {
    let there = c::tenant_id.eq(scope.tenant.0).and(c::shop_id.eq(scope.shop.0));
    Box::new(there.and(c::change_time.assume_not_null().ge(since)))
}

fn head((tenant, shop, id, member, seq, change): HeadRow) -> Head {
    Head {
        conversation: ConversationId(id),
        scope: Scope { tenant: TenantId(tenant), shop: ShopId(shop) },
        member: MemberId(member),
        seq,
        change,
    }
}
