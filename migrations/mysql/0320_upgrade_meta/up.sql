-- Early: while a mall's rows are taken over, the progress is kept here.
CREATE TABLE IF NOT EXISTS kefu_meta (
    name varchar(64) NOT NULL,
    value varchar(255) NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
