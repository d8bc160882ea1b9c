//! Members with more than one conversation, which the mall's own server makes when two first messages race.
//!
//! The oldest that is not deleted stays. The others' messages become its messages, and their rows go to
//! `kefu_conversation_merged`, where their ids lead to it. A logically deleted one beside a live one goes there too,
//! but its messages stay where they are and its id leads nowhere: nobody saw them before, and nobody shall now.

use diesel::QueryableByName;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, Progress, batch, has_key, list, lock};

/// Conversations of one transaction.
const AT_ONCE: usize = 200;

/// A conversation that has to go, and the one that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub(super) struct Duplicate {
    #[diesel(sql_type = BigInt)]
    pub(super) old_id: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) into_id: i64,
    /// Whether its messages move, or it was deleted before.
    #[diesel(sql_type = BigInt)]
    moves: i64,
}

impl Duplicate {
    pub(super) fn moves(&self) -> bool {
        self.moves != 0
    }
}

/// Merges all there are; says how many conversations went.
pub(super) fn run(conn: &mut Conn) -> QueryResult<usize> {
    // With the key there are none, and looking for them would read the whole table.
    if has_key(conn, "promotion_kefu_conversation", "uk_kefu_conversation_member")? {
        return Ok(0);
    }
    let duplicates = find(conn, true)?;
    let mut progress = Progress::new("conversations are merged", i64::try_from(duplicates.len()).unwrap_or(i64::MAX));
    for duplicates in duplicates.chunks(AT_ONCE) {
        batch(conn, |conn| merge(conn, duplicates))?;
        progress.add(i64::try_from(duplicates.len()).unwrap_or(0));
    }
    Ok(duplicates.len())
}

/// Every conversation that has to go. Before the desk's columns are there, a member has one shop.
pub(super) fn find(conn: &mut Conn, has_shops: bool) -> QueryResult<Vec<Duplicate>> {
    let member = if has_shops { "tenant_id, shop_id, user_id" } else { "tenant_id, user_id" };
    diesel::sql_query(format!(
        "SELECT old_id, into_id, moves FROM (
             SELECT id AS old_id, CAST(IF(deleted, 0, 1) AS SIGNED) AS moves,
                 FIRST_VALUE(id) OVER (PARTITION BY {member} ORDER BY deleted + 0, id) AS into_id
             FROM promotion_kefu_conversation
         ) AS placed WHERE old_id <> into_id ORDER BY into_id, old_id"
    ))
    .load(conn)
}

fn merge(conn: &mut Conn, duplicates: &[Duplicate]) -> QueryResult<()> {
    let old: Vec<_> = duplicates.iter().map(|one| one.old_id).collect();
    let mut rows = old.clone();
    rows.extend(duplicates.iter().map(|one| one.into_id));
    rows.sort_unstable();
    rows.dedup();
    lock(conn, &rows)?;

    let old = list(&old);
    let leads_to = duplicates.iter().filter(|one| one.moves());
    let leads_to: String = leads_to.map(|one| format!(" WHEN {} THEN {}", one.old_id, one.into_id)).collect();
    let into = if leads_to.is_empty() { "NULL".to_owned() } else { format!("CASE id{leads_to} END") };
    conn.batch_execute(&format!(
        "INSERT INTO kefu_conversation_merged (old_id, into_id, row_json, merged_time)
         SELECT id, {into}, {ROW}, NOW(3) FROM promotion_kefu_conversation WHERE id IN ({old})"
    ))?;
    // Numbers that some of them may have already are those of the other conversation.
    conn.batch_execute(&format!(
        "UPDATE kefu_conversation_merged AS merged
         STRAIGHT_JOIN promotion_kefu_message AS m ON m.conversation_id = merged.old_id
         SET m.conversation_id = merged.into_id, m.seq = NULL, m.change_no = NULL, m.update_time = m.update_time
         WHERE merged.old_id IN ({old}) AND merged.into_id IS NOT NULL"
    ))?;
    // Without a time of change it is looked through again, so that its counters become right.
    conn.batch_execute(&format!(
        "UPDATE (
             SELECT merged.into_id, MAX(gone.admin_pinned + 0) AS pinned, MIN(gone.admin_deleted + 0) AS desk_hides,
                 MIN(gone.user_deleted + 0) AS member_hides
             FROM kefu_conversation_merged AS merged
             JOIN promotion_kefu_conversation AS gone ON gone.id = merged.old_id
             WHERE merged.old_id IN ({old}) AND merged.into_id IS NOT NULL GROUP BY merged.into_id
         ) AS others STRAIGHT_JOIN promotion_kefu_conversation AS c ON c.id = others.into_id
         SET c.admin_pinned = IF(c.admin_pinned OR others.pinned, b'1', b'0'),
             c.admin_deleted = IF(c.admin_deleted AND others.desk_hides, b'1', b'0'),
             c.user_deleted = IF(c.user_deleted AND others.member_hides, b'1', b'0'),
             c.change_time = NULL, c.update_time = c.update_time"
    ))?;
    conn.batch_execute(&format!("DELETE FROM promotion_kefu_conversation WHERE id IN ({old})"))
}

/// A conversation's row, all of the mall's columns.
const ROW: &str = "JSON_OBJECT('id', id, 'user_id', user_id, 'last_message_time', last_message_time,
    'last_message_content', last_message_content, 'last_message_content_type', last_message_content_type,
    'admin_pinned', admin_pinned + 0, 'user_deleted', user_deleted + 0, 'admin_deleted', admin_deleted + 0,
    'admin_unread_message_count', admin_unread_message_count, 'creator', creator, 'create_time', create_time,
    'updater', updater, 'update_time', update_time, 'deleted', deleted + 0, 'tenant_id', tenant_id,
    'shop_id', shop_id)";
