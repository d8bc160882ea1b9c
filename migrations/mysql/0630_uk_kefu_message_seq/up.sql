-- The numbers of a conversation's messages.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_message' AND index_name = 'uk_kefu_message_seq') = 0,
    'ALTER TABLE promotion_kefu_message ADD UNIQUE KEY uk_kefu_message_seq (conversation_id, seq)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
