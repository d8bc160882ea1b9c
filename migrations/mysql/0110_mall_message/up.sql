-- The mall's own table, for a database that is not a mall's.
CREATE TABLE IF NOT EXISTS promotion_kefu_message (
    id bigint NOT NULL AUTO_INCREMENT COMMENT 'Id',
    conversation_id bigint NOT NULL COMMENT 'Conversation',
    sender_id bigint NOT NULL COMMENT 'Sender',
    sender_type int NOT NULL COMMENT 'User type of the sender',
    receiver_id bigint NULL DEFAULT NULL COMMENT 'Receiver',
    receiver_type int NULL DEFAULT NULL COMMENT 'User type of the receiver',
    content_type int NOT NULL COMMENT 'Content type',
    content varchar(2048) NOT NULL COMMENT 'Content',
    read_status bit(1) NOT NULL DEFAULT b'0' COMMENT 'Read by the other side',
    creator varchar(64) NULL DEFAULT '' COMMENT 'Creator',
    create_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'Created',
    updater varchar(64) NULL DEFAULT '' COMMENT 'Updater',
    update_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'Updated',
    deleted bit(1) NOT NULL DEFAULT b'0' COMMENT 'Logically deleted',
    tenant_id bigint NOT NULL DEFAULT 0 COMMENT 'Tenant',
    PRIMARY KEY (id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci COMMENT = 'Customer service message';
