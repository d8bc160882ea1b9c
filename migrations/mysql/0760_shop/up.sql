-- The platform itself, shop 0, has no row.
CREATE TABLE IF NOT EXISTS kefu_shop (
    tenant_id bigint NOT NULL,
    id bigint NOT NULL,
    name varchar(64) NOT NULL,
    status int NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
