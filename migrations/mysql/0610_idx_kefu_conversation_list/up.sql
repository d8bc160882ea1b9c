-- The desk's list, in its order.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_conversation' AND index_name = 'idx_kefu_conversation_list') = 0,
    'ALTER TABLE promotion_kefu_conversation ADD KEY idx_kefu_conversation_list (tenant_id, shop_id, admin_deleted, admin_pinned, last_message_time, id)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
