-- One conversation per member and shop. The numbers from 0300 to 0599 are for what must happen to a mall's rows before.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_conversation' AND index_name = 'uk_kefu_conversation_member') = 0,
    'ALTER TABLE promotion_kefu_conversation ADD UNIQUE KEY uk_kefu_conversation_member (tenant_id, shop_id, user_id)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
