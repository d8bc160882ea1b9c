CREATE TABLE IF NOT EXISTS kefu_file (
    name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tenant_id bigint NOT NULL,
    shop_id bigint NOT NULL,
    uploader varchar(64) NOT NULL,
    conversation_id bigint NULL DEFAULT NULL,
    kind varchar(16) NOT NULL,
    bytes bigint NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
