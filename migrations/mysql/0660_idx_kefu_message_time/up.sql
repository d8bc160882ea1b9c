-- The mall's pages.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_message' AND index_name = 'idx_kefu_message_time') = 0,
    'ALTER TABLE promotion_kefu_message ADD KEY idx_kefu_message_time (conversation_id, create_time)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
