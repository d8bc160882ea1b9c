-- The mall's own tables. The desk has a file of its own and never looks in here.

-- Whoever has an account: shoppers, and clerks, who work here.
CREATE TABLE IF NOT EXISTS person (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL UNIQUE,
    password TEXT    NOT NULL,
    works    BOOLEAN NOT NULL,
    nickname TEXT    NOT NULL,
    avatar   TEXT
);

-- A login, under half of its token's hash.
CREATE TABLE IF NOT EXISTS session (
    hash   BLOB    PRIMARY KEY NOT NULL,
    person INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE
);

-- The shops besides the mall itself, which is number 0.
CREATE TABLE IF NOT EXISTS merchant (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT    NOT NULL,
    open  BOOLEAN NOT NULL
);

-- Which clerk serves which shop.
CREATE TABLE IF NOT EXISTS staff (
    person   INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    merchant INTEGER NOT NULL,
    PRIMARY KEY (person, merchant)
);

-- Prices are in cents.
CREATE TABLE IF NOT EXISTS product (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    merchant INTEGER NOT NULL,
    title    TEXT    NOT NULL,
    picture  TEXT    NOT NULL,
    price    INTEGER NOT NULL,
    stock    INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS purchase (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    person  INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    product INTEGER NOT NULL REFERENCES product (id),
    count   INTEGER NOT NULL,
    shipped BOOLEAN NOT NULL DEFAULT FALSE
);
