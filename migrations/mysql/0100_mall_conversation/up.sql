-- The mall's own table, for a database that is not a mall's.
CREATE TABLE IF NOT EXISTS promotion_kefu_conversation (
    id bigint NOT NULL AUTO_INCREMENT COMMENT 'Id',
    user_id bigint NOT NULL COMMENT 'Member',
    last_message_time datetime NOT NULL COMMENT 'Time of the last message',
    last_message_content varchar(2048) NOT NULL COMMENT 'Content of the last message',
    last_message_content_type int NOT NULL COMMENT 'Content type of the last message',
    admin_pinned bit(1) NOT NULL DEFAULT b'0' COMMENT 'Pinned by the desk',
    user_deleted bit(1) NOT NULL DEFAULT b'0' COMMENT 'Hidden from the member',
    admin_deleted bit(1) NOT NULL DEFAULT b'0' COMMENT 'Hidden from the desk',
    admin_unread_message_count int NOT NULL COMMENT 'Messages that the desk has not read',
    creator varchar(64) NULL DEFAULT '' COMMENT 'Creator',
    create_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'Created',
    updater varchar(64) NULL DEFAULT '' COMMENT 'Updater',
    update_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'Updated',
    deleted bit(1) NOT NULL DEFAULT b'0' COMMENT 'Logically deleted',
    tenant_id bigint NOT NULL DEFAULT 0 COMMENT 'Tenant',
    PRIMARY KEY (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci COMMENT = 'Customer service conversation';
