R"sql(
-- What clients show in the place of a password, made by an operator. Rows go some time after
-- they are over.
CREATE TABLE token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- of one that is gone: never used again
    sha256     BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    name       TEXT NOT NULL,
    identity   TEXT NOT NULL,     -- empty: any
    profiles   TEXT NOT NULL,     -- separated by spaces
    once       INTEGER NOT NULL CHECK (once IN (0, 1)),
    created    INTEGER NOT NULL,  -- seconds since 1970, as expires and revoked
    expires    INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    revoked    INTEGER
) STRICT;

CREATE INDEX token_expires ON token (expires);

CREATE TRIGGER token_keeps_values
BEFORE UPDATE OF id, sha256, name, identity, profiles, once, created, expires, created_by
    ON token
BEGIN
    SELECT RAISE(ABORT, 'tokens are never changed');
END;

CREATE TRIGGER token_is_revoked_once BEFORE UPDATE OF revoked ON token
WHEN old.revoked IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a token is revoked once');
END;
)sql"
