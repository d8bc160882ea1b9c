CREATE TABLE IF NOT EXISTS kefu_token (
    hash binary(32) NOT NULL,
    kind int NOT NULL,
    refresh_hash binary(32) NOT NULL,
    account_id bigint NOT NULL,
    user_type int NOT NULL,
    tenant_id bigint NOT NULL,
    expires_ms bigint NOT NULL,
    revoked_ms bigint NULL DEFAULT NULL,
    PRIMARY KEY (hash),
    KEY idx_kefu_token_refresh (refresh_hash),
    KEY idx_kefu_token_account (account_id),
    KEY idx_kefu_token_expires (expires_ms),
    KEY idx_kefu_token_revoked (revoked_ms)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
