//! Conversations: opened, found, listed.

use diesel::prelude::*;
use kefu_domain::{
    Conversation, ConversationId, ConversationPage, ListCursor, Member, Scope, ShopId, StoreError, TenantId,
};

use super::super::dialect::{Conn, Sql, merged_into};
use super::transact::unless_taken;
use super::{Db, MEMBER, clock};
use crate::rows::ConversationRow;
use crate::schema::promotion_kefu_conversation::dsl as c;
use crate::schema::{kefu_profile as profile, promotion_kefu_conversation as conversation};
use crate::stored::Stored;

impl Db {
    /// A row that somebody has deleted logically still owns the member's place; it is given back with its history.
    pub(crate) fn open(&self, member: Member) -> Result<ConversationId, StoreError> {
        if let Some((id, false)) = self.read(|conn| place_of(conn, member))? {
            return Ok(ConversationId(id));
        }
        let id = self.write(|conn| match place_of(conn, member)? {
            Some((id, false)) => Ok(id),
            Some((id, true)) => diesel::update(c::promotion_kefu_conversation.find(id))
                .set(c::deleted.eq(false))
                .execute(conn)
                .map(|_| id),
            None => {
                let now = clock(conn)?;
                unless_taken(insert(conn, member, now))?;
                place_of(conn, member)?.map(|(id, _)| id).ok_or(diesel::result::Error::NotFound)
            }
        })?;
        Ok(ConversationId(id))
    }

    pub(crate) fn find(
        &self,
        tenant: TenantId,
        shops: &[ShopId],
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        // The shop is looked at here: with a set in it the statement would be another one for each size.
        let of_id = |id: i64| self.one(|| of_tenant(tenant).filter(c::id.eq(id)));
        let found = match of_id(id.0)? {
            // A page that was open during an upgrade may know the conversation by an id that it had before.
            None => self.read(|conn| merged_into(conn, id.0))?.map_or(Ok(None), of_id)?,
            found => found,
        };
        Ok(found.filter(|found| shops.contains(&found.scope.shop)))
    }

    pub(crate) fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        self.one(|| of_scope(member.scope).filter(c::user_id.eq(member.id.0)))
    }

    fn one(&self, which: impl Fn() -> Conversations) -> Result<Option<Conversation>, StoreError> {
        let row = self.read(|conn| which().select(ConversationRow::as_select()).first(conn).optional())?;
        Ok(row.map(|row: ConversationRow| row.conversation(self.offset)))
    }

    pub(crate) fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        let rows = self.read(|conn| {
            let mut listed = of_scope(scope).filter(c::admin_deleted.eq(false)).filter(c::head_seq.gt(0));
            if let Some(after) = page.after {
                listed = behind(listed, after, self.offset.stored(after.last));
            }
            if let Some(name) = &page.name {
                let named = profile::table
                    .filter(profile::tenant_id.eq(c::tenant_id))
                    .filter(profile::user_type.eq(MEMBER))
                    .filter(profile::user_id.eq(c::user_id))
                    .filter(profile::nickname.like(infix(name)).escape(ESCAPE));
                listed = listed.filter(diesel::dsl::exists(named));
            }
            listed
                .order((c::admin_pinned.desc(), c::last_message_time.desc(), c::id.desc()))
                .limit(i64::from(page.limit))
                .select(ConversationRow::as_select())
                .load(conn)
        })?;
        Ok(rows.into_iter().map(|row: ConversationRow| row.conversation(self.offset)).collect())
    }
}

pub(super) type Conversations = conversation::BoxedQuery<'static, Sql>;

fn of_tenant(tenant: TenantId) -> Conversations {
    conversation::table.filter(c::tenant_id.eq(tenant.0)).filter(c::deleted.eq(false)).into_boxed()
}

pub(super) fn of_scope(scope: Scope) -> Conversations {
    of_tenant(scope.tenant).filter(c::shop_id.eq(scope.shop.0))
}

/// What comes after a place in the list's order, said so that the index of the list can jump there: past the
/// pinned ones it can, and those are few.
fn behind(listed: Conversations, after: ListCursor, last: Stored) -> Conversations {
    let id = after.id.0;
    let later = c::last_message_time.le(last).and(c::last_message_time.lt(last).or(c::id.lt(id)));
    if after.pinned {
        listed.filter(c::admin_pinned.eq(false).or(later))
    } else {
        listed.filter(c::admin_pinned.eq(false)).filter(later)
    }
}

/// The member's row, if there is one, and whether it was deleted logically.
fn place_of(conn: &mut Conn, member: Member) -> QueryResult<Option<(i64, bool)>> {
    c::promotion_kefu_conversation
        .filter(c::tenant_id.eq(member.scope.tenant.0))
        .filter(c::shop_id.eq(member.scope.shop.0))
        .filter(c::user_id.eq(member.id.0))
        .select((c::id, c::deleted))
        .first(conn)
        .optional()
}

fn insert(conn: &mut Conn, member: Member, now: Stored) -> QueryResult<usize> {
    let who = member.id.to_string();
    diesel::insert_into(c::promotion_kefu_conversation)
        .values((
            c::user_id.eq(member.id.0),
            c::last_message_time.eq(now),
            c::last_message_content.eq(""),
            c::last_message_content_type.eq(1),
            c::admin_unread_message_count.eq(0),
            c::creator.eq(&who),
            c::create_time.eq(now),
            c::updater.eq(&who),
            c::update_time.eq(now),
            c::tenant_id.eq(member.scope.tenant.0),
            c::shop_id.eq(member.scope.shop.0),
            c::change_time.eq(now),
        ))
        .execute(conn)
}

/// Not a backslash, which MySQL's strings read as an escape of their own, in one of its modes.
const ESCAPE: char = '!';

/// A pattern for texts that contain this one literally.
fn infix(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
