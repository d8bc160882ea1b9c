CREATE TABLE IF NOT EXISTS kefu_tenant (
    id bigint NOT NULL AUTO_INCREMENT,
    name varchar(64) NOT NULL,
    status int NOT NULL DEFAULT 0,
    expire_time datetime(3) NULL DEFAULT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uk_kefu_tenant_name (name)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
