-- All in one statement, which InnoDB does whole or not at all: one column tells that it was done.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_conversation' AND column_name = 'shop_id') = 0,
    'ALTER TABLE promotion_kefu_conversation ADD COLUMN shop_id bigint NOT NULL DEFAULT 0, ADD COLUMN head_seq bigint NOT NULL DEFAULT 0, ADD COLUMN change_no bigint NOT NULL DEFAULT 0, ADD COLUMN member_read_seq bigint NOT NULL DEFAULT 0, ADD COLUMN admin_read_seq bigint NOT NULL DEFAULT 0, ADD COLUMN change_time datetime(3) NULL DEFAULT NULL, MODIFY COLUMN last_message_time datetime(3) NOT NULL, MODIFY COLUMN last_message_content text NOT NULL, MODIFY COLUMN create_time datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), MODIFY COLUMN update_time datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
