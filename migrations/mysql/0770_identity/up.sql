-- Ids of ours for those who have no number. They are used with a minus, so they never meet a mall's.
-- Bytes: every collation of texts overlooks something, trailing spaces at least.
CREATE TABLE IF NOT EXISTS kefu_identity (
    id bigint NOT NULL AUTO_INCREMENT,
    tenant_id bigint NOT NULL,
    user_type int NOT NULL,
    issuer varbinary(512) NOT NULL,
    subject varbinary(512) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY uk_kefu_identity_subject (tenant_id, user_type, issuer, subject)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
