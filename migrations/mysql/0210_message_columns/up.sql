-- All in one statement, which InnoDB does whole or not at all: one column tells that it was done.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_message' AND column_name = 'client_msg_id') = 0,
    'ALTER TABLE promotion_kefu_message ADD COLUMN seq bigint NULL DEFAULT NULL, ADD COLUMN change_no bigint NULL DEFAULT NULL, ADD COLUMN client_msg_id varchar(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL, ADD COLUMN fingerprint binary(16) NULL DEFAULT NULL, MODIFY COLUMN content text NOT NULL, MODIFY COLUMN create_time datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
