CREATE TABLE IF NOT EXISTS kefu_api_key (
    hash binary(32) NOT NULL,
    tenant_id bigint NOT NULL,
    name varchar(64) NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (hash),
    UNIQUE KEY uk_kefu_api_key_name (tenant_id, name)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
