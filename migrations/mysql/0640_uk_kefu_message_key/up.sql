-- One key of one sender is one message.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_message' AND index_name = 'uk_kefu_message_key') = 0,
    'ALTER TABLE promotion_kefu_message ADD UNIQUE KEY uk_kefu_message_key (conversation_id, sender_type, sender_id, client_msg_id)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
