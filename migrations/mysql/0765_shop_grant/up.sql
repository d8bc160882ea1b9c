-- Who serves which shop. An admin without any row serves the platform.
CREATE TABLE IF NOT EXISTS kefu_shop_grant (
    tenant_id bigint NOT NULL,
    admin_id bigint NOT NULL,
    shop_id bigint NOT NULL,
    active bit(1) NOT NULL DEFAULT b'1',
    PRIMARY KEY (tenant_id, admin_id, shop_id),
    KEY idx_kefu_shop_grant_shop (tenant_id, shop_id)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
