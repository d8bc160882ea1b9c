-- What has changed since.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_conversation' AND index_name = 'idx_kefu_conversation_change') = 0,
    'ALTER TABLE promotion_kefu_conversation ADD KEY idx_kefu_conversation_change (tenant_id, shop_id, change_time, id)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
