-- The mall's pages, and before that the numbering of its rows. A mall of 2026 has such a key under a name of its own.
SET @ddl = IF(
    (SELECT COUNT(*) FROM (
        SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index) AS key_columns FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_message' GROUP BY index_name
    ) AS found WHERE key_columns = 'conversation_id,create_time') = 0,
    'ALTER TABLE promotion_kefu_message ADD KEY idx_kefu_message_time (conversation_id, create_time)',
    'DO 0');
PREPARE step FROM @ddl;
EXECUTE step;
DEALLOCATE PREPARE step;
