//! A mall's own database, made with the mall's own statements, and its own server at work in it.

use std::fmt::Write;

use crate::support::Site;

/// The mall's tables exactly as it makes them. Later snapshots have three more keys.
const TABLES: &str = "
    CREATE TABLE `promotion_kefu_conversation` (
      `id` bigint NOT NULL AUTO_INCREMENT COMMENT '编号',
      `user_id` bigint NOT NULL COMMENT '会话所属用户',
      `last_message_time` datetime NOT NULL COMMENT '最后聊天时间',
      `last_message_content` varchar(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL COMMENT '最后聊天内容',
      `last_message_content_type` int NOT NULL COMMENT '最后发送的消息类型',
      `admin_pinned` bit(1) NOT NULL DEFAULT b'0' COMMENT '管理端置顶',
      `user_deleted` bit(1) NOT NULL DEFAULT b'0' COMMENT '用户是否可见',
      `admin_deleted` bit(1) NOT NULL DEFAULT b'0' COMMENT '管理员是否可见',
      `admin_unread_message_count` int NOT NULL COMMENT '管理员未读消息数',
      `creator` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL DEFAULT '' COMMENT '创建者',
      `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
      `updater` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL DEFAULT '' COMMENT '更新者',
      `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
      `deleted` bit(1) NOT NULL DEFAULT b'0' COMMENT '是否删除',
      `tenant_id` bigint NOT NULL DEFAULT 0 COMMENT '租户编号',
      PRIMARY KEY (`id`) USING BTREE
    ) ENGINE = InnoDB CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = '客服会话';
    CREATE TABLE `promotion_kefu_message` (
      `id` bigint NOT NULL AUTO_INCREMENT COMMENT '编号',
      `conversation_id` bigint NOT NULL COMMENT '会话编号',
      `sender_id` bigint NOT NULL COMMENT '发送人编号',
      `sender_type` int NOT NULL COMMENT '发送人类型',
      `receiver_id` bigint NULL DEFAULT NULL COMMENT '接收人编号',
      `receiver_type` int NULL DEFAULT NULL COMMENT '接收人类型',
      `content_type` int NOT NULL COMMENT '消息类型',
      `content` varchar(2048) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL COMMENT '消息',
      `read_status` bit(1) NOT NULL DEFAULT b'0' COMMENT '是否已读',
      `creator` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL DEFAULT '' COMMENT '创建者',
      `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT '创建时间',
      `updater` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL DEFAULT '' COMMENT '更新者',
      `update_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT '更新时间',
      `deleted` bit(1) NOT NULL DEFAULT b'0' COMMENT '是否删除',
      `tenant_id` bigint NOT NULL DEFAULT 0 COMMENT '租户编号',
      PRIMARY KEY (`id`) USING BTREE
    ) ENGINE = InnoDB CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci COMMENT = '客服消息'";

const LATER_KEYS: &str = "
    ALTER TABLE `promotion_kefu_conversation` ADD INDEX `idx_user_id`(`user_id`) USING BTREE;
    ALTER TABLE `promotion_kefu_message`
      ADD INDEX `idx_conversation_id_create_time`(`conversation_id`, `create_time`) USING BTREE,
      ADD INDEX `idx_conversation_id_read_status`(`conversation_id`, `read_status`) USING BTREE";

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Member,
    Agent,
}

/// A mall of 2024.
pub(crate) struct Mall {
    pub(crate) site: Site,
}

impl Mall {
    pub(crate) fn new() -> Self {
        let site = Site::mariadb();
        site.run(TABLES);
        Self { site }
    }

    /// A mall of 2026.
    pub(crate) fn with_later_keys() -> Self {
        let mall = Self::new();
        mall.site.run(LATER_KEYS);
        mall
    }

    /// A conversation of tenant 1 as the mall's server makes one; returns its id.
    pub(crate) fn opens(&self, member: i64) -> i64 {
        self.opens_in(1, member)
    }

    pub(crate) fn opens_in(&self, tenant: i64, member: i64) -> i64 {
        self.site.run(&format!(
            "INSERT INTO promotion_kefu_conversation (user_id, last_message_time, last_message_content,
                 last_message_content_type, admin_pinned, user_deleted, admin_deleted, admin_unread_message_count,
                 creator, create_time, updater, update_time, tenant_id)
             VALUES ({member}, '2026-11-01 08:00:00', '', 1, 0, 0, 0, 0, '{member}', '2026-11-01 08:00:00',
                 '{member}', '2026-11-01 08:00:00', {tenant})"
        ));
        self.site.number("SELECT MAX(id) AS value FROM promotion_kefu_conversation")
    }

    /// A message as the mall's server writes one, with what it does to the conversation; returns its id.
    pub(crate) fn says(&self, conversation: i64, who: Who, time: &str, content: &str) -> i64 {
        self.says_kind(conversation, who, time, 1, content)
    }

    pub(crate) fn says_kind(&self, conversation: i64, who: Who, time: &str, kind: i32, content: &str) -> i64 {
        let content = content.replace('\\', "\\\\").replace('\'', "\\'");
        let mut statements = String::new();
        let (sender, receiver, unread) = match who {
            Who::Member => {
                ("user_id, 1", "NULL, NULL", ", admin_unread_message_count = admin_unread_message_count + 1")
            }
            Who::Agent => ("7, 2", "user_id, 1", ""),
        };
        let _ = write!(
            statements,
            "INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, receiver_id, receiver_type,
                 content_type, content, creator, create_time, updater, update_time, tenant_id)
             SELECT id, {sender}, {receiver}, {kind}, '{content}', '7', '{time}', '7', '{time}', tenant_id
             FROM promotion_kefu_conversation WHERE id = {conversation};
             UPDATE promotion_kefu_conversation SET last_message_time = '{time}', last_message_content = '{content}',
                 last_message_content_type = {kind}, admin_deleted = b'0', updater = '7', update_time = '{time}' {unread}
             WHERE id = {conversation} AND deleted = 0"
        );
        self.site.run(&statements);
        self.site.number("SELECT MAX(id) AS value FROM promotion_kefu_message")
    }

    /// An agent reads, as the mall's server does it.
    pub(crate) fn agent_reads(&self, conversation: i64) {
        self.site.run(&format!(
            "UPDATE promotion_kefu_message SET read_status = 1, updater = '7', update_time = NOW()
             WHERE conversation_id = {conversation} AND sender_type = 1 AND read_status = 0 AND deleted = 0;
             UPDATE promotion_kefu_conversation SET admin_unread_message_count = 0, updater = '7', update_time = NOW()
             WHERE id = {conversation} AND deleted = 0"
        ));
    }

    /// The rows of a query over several texts, its column `value`, one line each.
    pub(crate) fn lines(&self, query: &str) -> Vec<String> {
        let joined = self.site.text(&format!(
            "SELECT GROUP_CONCAT(found.value ORDER BY found.place SEPARATOR '\\n') AS value FROM ({query}) AS found"
        ));
        joined.map(|joined| joined.lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// `seq content` of a conversation's messages, by time and id.
    pub(crate) fn numbered(&self, conversation: i64) -> Vec<String> {
        self.lines(&format!(
            "SELECT CONCAT(COALESCE(seq, '-'), ' ', content) AS value, CONCAT(create_time, LPAD(id, 9, '0')) AS place
             FROM promotion_kefu_message WHERE conversation_id = {conversation}"
        ))
    }

    /// Head, changes, cursors of desk and member, unread of the desk.
    pub(crate) fn counters(&self, conversation: i64) -> String {
        let counters = self.site.text(&format!(
            "SELECT CONCAT_WS(' ', head_seq, change_no, admin_read_seq, member_read_seq, admin_unread_message_count)
                 AS value FROM promotion_kefu_conversation WHERE id = {conversation}"
        ));
        counters.unwrap_or_default()
    }

    /// All that is in the tables, as checksums.
    pub(crate) fn checksums(&self) -> Vec<Option<String>> {
        let columns = |table: &str| {
            self.site.text(&format!(
                "SELECT GROUP_CONCAT('COALESCE(', column_name, ', ''-'')' ORDER BY ordinal_position) AS value
                 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}'"
            ))
        };
        let tables = ["promotion_kefu_conversation", "promotion_kefu_message", "kefu_conversation_merged", "kefu_meta"];
        let checksum = |table: &str| {
            let columns = columns(table).unwrap();
            self.site.text(&format!(
                "SELECT CONCAT(COUNT(*), ' ', SUM(CRC32(CONCAT_WS('|', {columns})))) AS value FROM {table}"
            ))
        };
        tables.into_iter().map(checksum).collect()
    }

    /// The mall's own columns of its messages, as a checksum.
    pub(crate) fn checksum_of_the_mall_s_messages(&self, wherever: bool) -> Option<String> {
        let conversation = if wherever { "" } else { "conversation_id, " };
        self.site.text(&format!(
            "SELECT CONCAT(COUNT(*), ' ', SUM(CRC32(CONCAT_WS('|', id, {conversation}sender_id, sender_type,
                 COALESCE(receiver_id, '-'), COALESCE(receiver_type, '-'), content_type, content, read_status + 0, creator,
                 DATE_FORMAT(create_time, '%Y-%m-%d %H:%i:%s'), updater, update_time, deleted + 0, tenant_id)))) AS value
             FROM promotion_kefu_message"
        ))
    }
}
