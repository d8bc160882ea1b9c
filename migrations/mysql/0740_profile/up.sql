CREATE TABLE IF NOT EXISTS kefu_profile (
    tenant_id bigint NOT NULL,
    user_type int NOT NULL,
    user_id bigint NOT NULL,
    nickname varchar(255) NULL DEFAULT NULL,
    avatar varchar(2048) NULL DEFAULT NULL,
    updated_ms bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_type, user_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
