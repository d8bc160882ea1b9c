//! What an upgrade would do, without doing any of it.

use std::collections::HashSet;

use diesel::QueryableByName;
use diesel::migration::MigrationSource;
use diesel::mysql::Mysql;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel_migrations::EmbeddedMigrations;
use kefu_domain::{ConversationId, TenantId, shown};

use super::{Conn, has_column, has_table, merge, number, texts};
use crate::mysql::opening::unreachable;
use crate::{OpenError, StorageOffset};

/// What opening a database would do to it, and what it would leave alone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpgradePlan {
    /// The steps of the schema that have not run, by name. One that the tables show to be done is passed over.
    pub steps: Vec<String>,
    /// The conversations that would go, because their member has an older one.
    pub merges: Vec<Merge>,
    /// Messages that would get a number.
    pub unnumbered: u64,
    /// Messages whose conversation does not exist. They stay, without a number, and are shown to nobody.
    pub orphans: u64,
    /// Contents that the mall's pages cannot show, and that would be shown as a harmless text. They stay as they are.
    pub unsafe_contents: u64,
    /// Logically deleted conversations. They stay deleted.
    pub deleted_conversations: u64,
    /// Logically deleted messages. They stay deleted, and get no number.
    pub deleted_messages: u64,
    /// The tenants of the conversations, and how many each has.
    pub tenants: Vec<(TenantId, u64)>,
    /// The offset in which the times of the tables would be read.
    pub offset: StorageOffset,
}

/// A conversation that would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// The one that would go.
    pub old: ConversationId,
    /// The member's oldest, which stays.
    pub into: ConversationId,
    /// Whether its messages would move along; those of a logically deleted one would not.
    pub moves: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    content_type: i32,
    #[diesel(sql_type = Text)]
    content: String,
}

#[derive(QueryableByName)]
struct Tenant {
    #[diesel(sql_type = BigInt)]
    tenant_id: i64,
    #[diesel(sql_type = BigInt)]
    conversations: i64,
}

/// Contents that are read at once.
const PAGE: usize = 2_000;

/// Reads what is there. The right to do so is enough.
pub(crate) fn plan(
    conn: &mut Conn,
    migrations: &EmbeddedMigrations,
    offset: StorageOffset,
) -> Result<UpgradePlan, OpenError> {
    let steps = pending(conn, migrations)?;
    rows(conn, offset).map(|plan| UpgradePlan { steps, ..plan }).map_err(unreachable)
}

fn pending(conn: &mut Conn, migrations: &EmbeddedMigrations) -> Result<Vec<String>, OpenError> {
    let ran: HashSet<String> = match has_table(conn, "__diesel_schema_migrations").map_err(unreachable)? {
        true => texts(conn, "SELECT version AS value FROM __diesel_schema_migrations").map_err(unreachable)?,
        false => Vec::new(),
    }
    .into_iter()
    .collect();
    let all = MigrationSource::<Mysql>::migrations(migrations).map_err(OpenError::Migration)?;
    let pending = all.iter().filter(|step| !ran.contains(&step.name().version().to_string()));
    let mut names: Vec<_> = pending.map(|step| step.name().to_string()).collect();
    names.sort_unstable();
    Ok(names)
}

fn rows(conn: &mut Conn, offset: StorageOffset) -> Result<UpgradePlan, Error> {
    let mut plan = UpgradePlan {
        steps: Vec::new(),
        merges: Vec::new(),
        unnumbered: 0,
        orphans: 0,
        unsafe_contents: 0,
        deleted_conversations: 0,
        deleted_messages: 0,
        tenants: Vec::new(),
        offset,
    };
    if !has_table(conn, "promotion_kefu_conversation")? || !has_table(conn, "promotion_kefu_message")? {
        return Ok(plan);
    }
    let has_shops = has_column(conn, "promotion_kefu_conversation", "shop_id")?;
    let duplicates = merge::find(conn, has_shops)?;
    let merge = |one: &merge::Duplicate| Merge {
        old: ConversationId(one.old_id),
        into: ConversationId(one.into_id),
        moves: one.moves(),
    };
    plan.merges = duplicates.iter().map(merge).collect();

    // The messages of a conversation that was deleted beside a live one will have none.
    let left = duplicates.iter().filter(|one| !one.moves()).map(|one| one.old_id).collect::<Vec<_>>();
    let unnumbered = if has_column(conn, "promotion_kefu_message", "seq")? { "m.seq IS NULL AND" } else { "" };
    let placed = |left: &str| {
        format!(
            "SELECT COUNT(*) AS value FROM promotion_kefu_message AS m
             JOIN promotion_kefu_conversation AS c ON c.id = m.conversation_id
             WHERE {unnumbered} m.deleted = b'0'{left}"
        )
    };
    let mut to_number = number(conn, &placed(""))?;
    for left in left.chunks(PAGE) {
        to_number -= number(conn, &placed(&format!(" AND c.id IN ({})", super::list(left))))?;
    }
    plan.unnumbered = count(to_number);
    plan.orphans = count(number(
        conn,
        "SELECT COUNT(*) AS value FROM promotion_kefu_message AS m
         LEFT JOIN promotion_kefu_conversation AS c ON c.id = m.conversation_id WHERE c.id IS NULL",
    )?);
    let deleted = |table: &str| format!("SELECT COUNT(*) AS value FROM {table} WHERE deleted = b'1'");
    plan.deleted_conversations = count(number(conn, &deleted("promotion_kefu_conversation"))?);
    plan.deleted_messages = count(number(conn, &deleted("promotion_kefu_message"))?);
    let tenants: Vec<Tenant> = diesel::sql_query(
        "SELECT tenant_id, COUNT(*) AS conversations FROM promotion_kefu_conversation
         GROUP BY tenant_id ORDER BY tenant_id",
    )
    .load(conn)?;
    plan.tenants = tenants.iter().map(|one| (TenantId(one.tenant_id), count(one.conversations))).collect();
    plan.unsafe_contents = unsafe_contents(conn)?;
    Ok(plan)
}

/// How many contents are not of the shape that the mall's pages read. What that is, is the rules' business:
/// they are asked, content by content.
fn unsafe_contents(conn: &mut Conn) -> Result<u64, Error> {
    let (mut found, mut last) = (0, i64::MIN);
    loop {
        let page: Vec<Row> = diesel::sql_query(format!(
            "SELECT id, content_type, content FROM promotion_kefu_message
             WHERE id > {last} AND deleted = b'0' ORDER BY id LIMIT {PAGE}"
        ))
        .load(conn)?;
        found += page.iter().filter(|row| !is_safe(row.content_type, &row.content)).map(|_| 1).sum::<u64>();
        match page.last() {
            Some(row) if page.len() == PAGE => last = row.id,
            _ => return Ok(found),
        }
    }
}

/// Whether a page can show it as it is; a bare text or address it can. What parses to something else it cannot.
fn is_safe(kind: i32, content: &str) -> bool {
    let is_bare = !content.trim_start().starts_with(['{', '[']) && content.trim() != "null";
    let (shown_kind, body) = shown(kind, content);
    shown_kind == kind && (body == content || is_bare)
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
