-- The platform itself, shop 0, has no row.
CREATE TABLE kefu_shop (
    tenant_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

-- Who serves which shop. An admin without any row serves the platform.
CREATE TABLE kefu_shop_grant (
    tenant_id INTEGER NOT NULL,
    admin_id INTEGER NOT NULL,
    shop_id INTEGER NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, admin_id, shop_id)
) WITHOUT ROWID;
CREATE INDEX idx_kefu_shop_grant_shop ON kefu_shop_grant (tenant_id, shop_id);

-- Ids of ours for those who have no number. They are used with a minus, so they never meet a mall's.
CREATE TABLE kefu_identity (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    tenant_id INTEGER NOT NULL,
    user_type INTEGER NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL
);
CREATE UNIQUE INDEX uk_kefu_identity_subject ON kefu_identity (tenant_id, user_type, issuer, subject);

CREATE TABLE kefu_api_key (
    hash BLOB PRIMARY KEY NOT NULL,
    tenant_id INTEGER NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX uk_kefu_api_key_name ON kefu_api_key (tenant_id, name);
