//! A mall's customer-service tables as they are before an upgrade, filled by the database itself: large ones quickly.

use crate::Books;

/// The mall's own statements.
const TABLES: &str = include_str!("fake_mall/kefu.sql");

/// How much is in them.
#[derive(Debug, Clone, Copy)]
pub struct OldMall {
    /// Conversations, of tenant 1. Their ids begin with 1, their members' with 1,001.
    pub conversations: i64,
    /// Messages, spread evenly, fifty a second; each conversation's are the member's and agent 7's in turns. Of the
    /// last fifth nobody has read any, and one in a thousand is deleted.
    pub messages: i64,
    /// Of the conversations the last so many are second ones, of the first members.
    pub doubles: i64,
}

impl OldMall {
    /// Makes the tables in an empty MariaDB.
    pub fn write(self, url: &str) {
        let Self { conversations, messages, doubles } = self;
        let (single, last, read) = (conversations - doubles, messages - 1, messages / 5 * 4);
        let books = Books::at(url);
        books.run(TABLES);
        books.run(&format!(
            "INSERT INTO promotion_kefu_conversation (id, user_id, last_message_time, last_message_content,
                 last_message_content_type, admin_unread_message_count, create_time, update_time, tenant_id)
             SELECT seq, 1001 + (seq - 1) MOD {single}, '2026-01-01' + INTERVAL seq SECOND, '', 1, 0, '2026-01-01',
                 '2026-01-02', 1
             FROM seq_1_to_{conversations}"
        ));
        books.run(&format!(
            "INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, receiver_id, receiver_type,
                 content_type, content, read_status, create_time, update_time, deleted, tenant_id)
             SELECT c.id, IF(said.by_agent, 7, c.user_id), 1 + said.by_agent, IF(said.by_agent, c.user_id, NULL),
                 IF(said.by_agent, 1, NULL), 1, CONCAT('{{\"text\":\"a message of the old mall, number ', said.n, '\"}}'),
                 said.n < {read}, '2026-01-01' + INTERVAL said.n DIV 50 SECOND, '2026-01-02', said.n MOD 1000 = 999, 1
             FROM (SELECT seq AS n, (seq DIV {conversations}) MOD 2 AS by_agent FROM seq_0_to_{last}) AS said
             JOIN promotion_kefu_conversation AS c ON c.id = 1 + said.n MOD {conversations}"
        ));
    }
}
