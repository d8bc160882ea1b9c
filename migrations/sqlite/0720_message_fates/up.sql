-- What a message refers to, and what has become of it.
ALTER TABLE promotion_kefu_message ADD COLUMN quote_id INTEGER;
ALTER TABLE promotion_kefu_message ADD COLUMN quote_seq INTEGER;
ALTER TABLE promotion_kefu_message ADD COLUMN revoked_time INTEGER;
ALTER TABLE promotion_kefu_message ADD COLUMN member_deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE promotion_kefu_message ADD COLUMN admin_deleted INTEGER NOT NULL DEFAULT 0;

-- A ticket opens one socket, within seconds. The hash is of its secret.
CREATE TABLE kefu_ticket (
    hash BLOB PRIMARY KEY NOT NULL,
    tenant_id INTEGER NOT NULL,
    bearer TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX idx_kefu_ticket_expires ON kefu_ticket (expires_ms);
