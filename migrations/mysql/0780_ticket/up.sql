-- A ticket opens one socket, within seconds, at whichever node. The hash is of its secret.
CREATE TABLE IF NOT EXISTS kefu_ticket (
    hash binary(32) NOT NULL,
    tenant_id bigint NOT NULL,
    bearer text NOT NULL,
    expires_ms bigint NOT NULL,
    PRIMARY KEY (hash),
    KEY idx_kefu_ticket_expires (expires_ms)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
