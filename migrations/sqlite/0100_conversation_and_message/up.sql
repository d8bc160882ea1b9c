-- The mall's tables with the desk's columns. Times are milliseconds of the epoch: chrono leaves out a zero
-- fraction where SQLite writes one, so as texts equal times would differ.
CREATE TABLE promotion_kefu_conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id INTEGER NOT NULL,
    last_message_time INTEGER NOT NULL,
    last_message_content TEXT NOT NULL,
    last_message_content_type INTEGER NOT NULL,
    admin_pinned INTEGER NOT NULL DEFAULT 0,
    user_deleted INTEGER NOT NULL DEFAULT 0,
    admin_deleted INTEGER NOT NULL DEFAULT 0,
    admin_unread_message_count INTEGER NOT NULL,
    creator TEXT NULL DEFAULT '',
    create_time INTEGER NOT NULL DEFAULT (CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)),
    updater TEXT NULL DEFAULT '',
    update_time INTEGER NOT NULL DEFAULT (CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)),
    deleted INTEGER NOT NULL DEFAULT 0,
    tenant_id INTEGER NOT NULL DEFAULT 0,
    shop_id INTEGER NOT NULL DEFAULT 0,
    head_seq INTEGER NOT NULL DEFAULT 0,
    change_no INTEGER NOT NULL DEFAULT 0,
    member_read_seq INTEGER NOT NULL DEFAULT 0,
    admin_read_seq INTEGER NOT NULL DEFAULT 0,
    change_time INTEGER NULL
);
CREATE UNIQUE INDEX uk_kefu_conversation_member ON promotion_kefu_conversation (tenant_id, shop_id, user_id);
CREATE INDEX idx_kefu_conversation_list
    ON promotion_kefu_conversation (tenant_id, shop_id, admin_deleted, admin_pinned, last_message_time, id);
CREATE INDEX idx_kefu_conversation_change ON promotion_kefu_conversation (tenant_id, shop_id, change_time, id);

CREATE TABLE promotion_kefu_message (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    conversation_id INTEGER NOT NULL,
    sender_id INTEGER NOT NULL,
    sender_type INTEGER NOT NULL,
    receiver_id INTEGER NULL,
    receiver_type INTEGER NULL,
    content_type INTEGER NOT NULL,
    content TEXT NOT NULL,
    read_status INTEGER NOT NULL DEFAULT 0,
    creator TEXT NULL DEFAULT '',
    create_time INTEGER NOT NULL DEFAULT (CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)),
    updater TEXT NULL DEFAULT '',
    update_time INTEGER NOT NULL DEFAULT (CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)),
    deleted INTEGER NOT NULL DEFAULT 0,
    tenant_id INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NULL,
    change_no INTEGER NULL,
    client_msg_id TEXT NULL,
    fingerprint BLOB NULL
);
CREATE UNIQUE INDEX uk_kefu_message_seq ON promotion_kefu_message (conversation_id, seq);
CREATE UNIQUE INDEX uk_kefu_message_key
    ON promotion_kefu_message (conversation_id, sender_type, sender_id, client_msg_id);
CREATE INDEX idx_kefu_message_change ON promotion_kefu_message (conversation_id, change_no);
CREATE INDEX idx_kefu_message_time ON promotion_kefu_message (conversation_id, create_time);
