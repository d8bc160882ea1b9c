-- The first id is beyond any mall's admin.
CREATE TABLE IF NOT EXISTS kefu_account (
    id bigint NOT NULL AUTO_INCREMENT,
    tenant_id bigint NOT NULL,
    username varchar(64) NOT NULL,
    password_hash varchar(255) NOT NULL,
    nickname varchar(255) NOT NULL,
    avatar varchar(2048) NULL DEFAULT NULL,
    roles varchar(1024) NOT NULL,
    status int NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    UNIQUE KEY uk_kefu_account_username (tenant_id, username)
) ENGINE = InnoDB AUTO_INCREMENT = 1000000000000 CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
