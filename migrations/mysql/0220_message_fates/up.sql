-- What a message refers to, and what has become of it. All in one statement, as in the step before.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_message' AND column_name = 'revoked_time') = 0,
    'ALTER TABLE promotion_kefu_message ADD COLUMN quote_id bigint NULL DEFAULT NULL, ADD COLUMN quote_seq bigint NULL DEFAULT NULL, ADD COLUMN revoked_time datetime(3) NULL DEFAULT NULL, ADD COLUMN member_deleted bit(1) NOT NULL DEFAULT b''0'', ADD COLUMN admin_deleted bit(1) NOT NULL DEFAULT b''0''',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
