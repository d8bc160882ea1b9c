-- Conversations of members who had more than one: the row as it was, and where its messages went. One that the mall
-- had deleted leads nowhere.
CREATE TABLE IF NOT EXISTS kefu_conversation_merged (
    old_id bigint NOT NULL,
    into_id bigint NULL DEFAULT NULL,
    row_json longtext NOT NULL,
    merged_time datetime(3) NOT NULL,
    PRIMARY KEY (old_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
