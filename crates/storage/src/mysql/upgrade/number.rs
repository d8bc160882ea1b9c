//! Messages without a number get one, by time and then by id, after those that have one; and what a conversation
//! knows of its messages is made to agree with them. Logically deleted messages get none.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Conn, Progress, batch, list, lock, number, record, recorded};

/// Conversations whose numbers of messages are asked for at once.
const PAGE: usize = 20_000;
/// Messages of one transaction, more or less: a conversation is not divided.
const MESSAGES_AT_ONCE: i64 = 10_000;
/// Conversations of one transaction.
const CONVERSATIONS_AT_ONCE: usize = 1_000;
/// The highest id of a message that was looked at.
const LOOKED_AT: &str = "looked_at_message";
/// Looked at again: a message can be committed after one with a higher id was.
const OVERLAP: i64 = 10_000;

/// A conversation, and how many of its messages have no number.
#[derive(Debug, Clone, Copy, QueryableByName)]
struct Unnumbered {
    #[diesel(sql_type = BigInt)]
    conversation_id: i64,
    #[diesel(sql_type = BigInt)]
    messages: i64,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Numbers all messages that have none; says how many those were.
pub(super) fn run(conn: &mut Conn) -> QueryResult<usize> {
    let looked_at: Option<i64> = recorded(conn, LOOKED_AT)?.and_then(|id| id.parse().ok());
    let highest = number(conn, "SELECT MAX(id) AS value FROM promotion_kefu_message")?;
    let newer = looked_at.map_or(String::new(), |id| format!("AND id > {} ", id.saturating_sub(OVERLAP)));
    // Those of a running desk are all numbered: what is new since the last start is read once, by its ids.
    let by = if looked_at.is_some() { "FORCE INDEX (PRIMARY)" } else { "" };

    let mut progress = Progress::new("messages are numbered", 0);
    if looked_at.is_none() {
        progress.of = number(conn, &format!("SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE {NO_NUMBER}"))?;
    }
    let (mut numbered, mut last) = (0, i64::MIN);
    loop {
        let page: Vec<Unnumbered> = diesel::sql_query(format!(
            "SELECT conversation_id, COUNT(*) AS messages FROM promotion_kefu_message {by}
             WHERE conversation_id > {last} {newer}AND {NO_NUMBER}
             GROUP BY conversation_id ORDER BY conversation_id LIMIT {PAGE}"
        ))
        .load(conn)?;
        if looked_at.is_some() {
            progress.of += page.iter().map(|one| one.messages).sum::<i64>();
        }
        for part in parts(&page) {
            let ids: Vec<_> = part.iter().map(|one| one.conversation_id).collect();
            numbered += batch(conn, |conn| take_over(conn, &ids))?.numbered;
            progress.add(part.iter().map(|one| one.messages).sum());
        }
        match page.last() {
            Some(one) if page.len() == PAGE => last = one.conversation_id,
            _ => break,
        }
    }
    if looked_at != Some(highest) {
        record(conn, LOOKED_AT, highest)?;
    }
    Ok(numbered)
}

/// Makes cursors and counters agree with the messages where somebody else has touched them: conversations that are
/// not ours yet, and those in which nothing is unread by the counter and something by the cursor, as Java leaves them
/// when an agent reads. Says how many were changed.
pub(super) fn reconcile(conn: &mut Conn) -> QueryResult<usize> {
    let (mut reconciled, mut last) = (0, i64::MIN);
    loop {
        // Compared with a count: the servers would turn EXISTS into a walk through all messages.
        let page: Vec<Id> = diesel::sql_query(format!(
            "SELECT c.id FROM promotion_kefu_conversation AS c
             WHERE c.id > {last} AND (c.change_time IS NULL OR (
                 c.admin_unread_message_count = 0 AND c.admin_read_seq < c.head_seq AND (
                     SELECT COUNT(*) FROM promotion_kefu_message AS u WHERE u.conversation_id = c.id
                         AND u.seq > c.admin_read_seq AND {AWAITS_THE_DESK}) > 0))
             ORDER BY c.id LIMIT {CONVERSATIONS_AT_ONCE}"
        ))
        .load(conn)?;
        let ids: Vec<_> = page.iter().map(|one| one.id).collect();
        if !ids.is_empty() {
            reconciled += batch(conn, |conn| take_over(conn, &ids))?.reconciled;
        }
        match ids.last() {
            Some(id) if ids.len() == CONVERSATIONS_AT_ONCE => last = *id,
            _ => return Ok(reconciled),
        }
    }
}

const NO_NUMBER: &str = "seq IS NULL AND deleted = b'0'";

/// What the rules call so: a message `u` of the member that was not taken back, and that the desk has not deleted.
const AWAITS_THE_DESK: &str =
    "u.sender_type = 1 AND u.deleted = b'0' AND u.revoked_time IS NULL AND u.admin_deleted = b'0'";

/// Parts of about as many messages as one transaction takes.
fn parts(page: &[Unnumbered]) -> Vec<&[Unnumbered]> {
    let (mut parts, mut start, mut messages) = (Vec::new(), 0, 0);
    for (place, one) in page.iter().enumerate() {
        let full = messages + one.messages > MESSAGES_AT_ONCE || place - start == CONVERSATIONS_AT_ONCE;
        if full && place > start {
            parts.push(&page[start..place]);
            (start, messages) = (place, 0);
        }
        messages += one.messages;
    }
    if start < page.len() {
        parts.push(&page[start..]);
    }
    parts
}

struct TakenOver {
    numbered: usize,
    reconciled: usize,
}

fn take_over(conn: &mut Conn, ids: &[i64]) -> QueryResult<TakenOver> {
    lock(conn, ids)?;
    let ids = list(ids);
    let numbered = diesel::sql_query(format!(
        "UPDATE (
             SELECT m.id,
                 c.head_seq + ROW_NUMBER() OVER (PARTITION BY m.conversation_id ORDER BY m.create_time, m.id) AS seq,
                 c.change_no + ROW_NUMBER() OVER (PARTITION BY m.conversation_id ORDER BY m.create_time, m.id)
                     AS change_no
             FROM promotion_kefu_message AS m JOIN promotion_kefu_conversation AS c ON c.id = m.conversation_id
             WHERE m.conversation_id IN ({ids}) AND m.seq IS NULL AND m.deleted = b'0'
         ) AS next STRAIGHT_JOIN promotion_kefu_message AS m ON m.id = next.id
         SET m.seq = next.seq, m.change_no = next.change_no, m.update_time = m.update_time"
    ))
    .execute(conn)?;
    let reconciled = diesel::sql_query(counted(&ids)).execute(conn)?;
    Ok(TakenOver { numbered, reconciled })
}

/// What conversations know of their messages, from the messages themselves.
///
/// A cursor is before the first message that nobody has read, and never goes back. The preview moves only with the
/// head. What Java has read is one more change, so that those who know the conversation hear of it.
fn counted(ids: &str) -> String {
    format!(
        "UPDATE (
             SELECT known.id, known.head, known.change_no, known.desk_read, known.member_read, newest.id AS newest_id,
                 (SELECT COUNT(*) FROM promotion_kefu_message AS u WHERE u.conversation_id = known.id
                     AND {AWAITS_THE_DESK} AND u.seq > known.desk_read) AS unread
             FROM (
                 SELECT c.id, GREATEST(c.head_seq, COALESCE(told.head, 0)) AS head,
                     CASE WHEN told.change_no > c.change_no THEN told.change_no
                          WHEN c.change_time IS NULL THEN c.change_no
                          ELSE c.change_no + 1 END AS change_no,
                     GREATEST(c.admin_read_seq, COALESCE(told.desk_from - 1, told.head, 0)) AS desk_read,
                     GREATEST(c.member_read_seq, COALESCE(told.member_from - 1, told.head, 0)) AS member_read,
                     IF(told.head > c.head_seq, told.newest, NULL) AS newest_seq
                 FROM promotion_kefu_conversation AS c LEFT JOIN (
                     SELECT conversation_id, MAX(seq) AS head, MAX(change_no) AS change_no,
                         MAX(IF(deleted OR admin_deleted, NULL, seq)) AS newest,
                         MIN(IF(sender_type = 1 AND NOT read_status AND NOT deleted, seq, NULL)) AS desk_from,
                         MIN(IF(sender_type <> 1 AND NOT read_status AND NOT deleted, seq, NULL)) AS member_from
                     FROM promotion_kefu_message WHERE conversation_id IN ({ids}) AND seq IS NOT NULL
                     GROUP BY conversation_id
                 ) AS told ON told.conversation_id = c.id
                 WHERE c.id IN ({ids})
             ) AS known LEFT JOIN promotion_kefu_message AS newest
                 ON newest.conversation_id = known.id AND newest.seq = known.newest_seq
         ) AS counted STRAIGHT_JOIN promotion_kefu_conversation AS c ON c.id = counted.id
         LEFT JOIN promotion_kefu_message AS newest ON newest.id = counted.newest_id
         SET c.head_seq = counted.head, c.change_no = counted.change_no, c.admin_read_seq = counted.desk_read,
             c.member_read_seq = counted.member_read, c.admin_unread_message_count = counted.unread,
             c.last_message_time = COALESCE(newest.create_time, c.last_message_time),
             c.last_message_content = COALESCE(newest.content, c.last_message_content),
             c.last_message_content_type = COALESCE(newest.content_type, c.last_message_content_type),
             c.change_time = GREATEST(NOW(3), COALESCE(c.change_time, NOW(3))), c.update_time = c.update_time
         WHERE c.change_time IS NULL OR c.head_seq <> counted.head OR c.admin_read_seq <> counted.desk_read
             OR c.member_read_seq <> counted.member_read OR c.admin_unread_message_count <> counted.unread"
    )
}
