CREATE TABLE kefu_meta (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE kefu_tenant (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    status INTEGER NOT NULL DEFAULT 0,
    expire_time INTEGER NULL
);

CREATE TABLE kefu_account (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    tenant_id INTEGER NOT NULL,
    username TEXT NOT NULL COLLATE NOCASE,
    password_hash TEXT NOT NULL,
    nickname TEXT NOT NULL,
    avatar TEXT NULL,
    roles TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, username)
);
-- The first id is beyond any mall's admin.
INSERT INTO sqlite_sequence (name, seq) VALUES ('kefu_account', 999999999999);

CREATE TABLE kefu_token (
    hash BLOB PRIMARY KEY NOT NULL,
    kind INTEGER NOT NULL,
    refresh_hash BLOB NOT NULL,
    account_id INTEGER NOT NULL,
    user_type INTEGER NOT NULL,
    tenant_id INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER NULL
) WITHOUT ROWID;
CREATE INDEX idx_kefu_token_refresh ON kefu_token (refresh_hash);
CREATE INDEX idx_kefu_token_account ON kefu_token (account_id);
CREATE INDEX idx_kefu_token_expires ON kefu_token (expires_ms);
CREATE INDEX idx_kefu_token_revoked ON kefu_token (revoked_ms);

CREATE TABLE kefu_profile (
    tenant_id INTEGER NOT NULL,
    user_type INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    nickname TEXT NULL,
    avatar TEXT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_type, user_id)
) WITHOUT ROWID;

CREATE TABLE kefu_file (
    name TEXT PRIMARY KEY NOT NULL,
    tenant_id INTEGER NOT NULL,
    shop_id INTEGER NOT NULL,
    uploader TEXT NOT NULL,
    conversation_id INTEGER NULL,
    kind TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
