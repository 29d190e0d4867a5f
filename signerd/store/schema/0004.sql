R"sql(
-- SCEP's transactionIDs are bound to the public key. NULL: from before, when there was no SCEP.
ALTER TABLE answer ADD COLUMN spki_sha256 BLOB
    CHECK (spki_sha256 IS NULL OR length(spki_sha256) = 32);

-- Values that are good for one certificate. They go when they have expired by themselves.
CREATE TABLE used (
    kind    INTEGER NOT NULL,  -- UsedKind
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    expires INTEGER NOT NULL,  -- seconds since 1970
    PRIMARY KEY (kind, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_expires ON used (expires);

-- Certificates of which there may be so many at a time, one row for each.
CREATE TABLE counted (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),  -- of who or what is counted
    expires INTEGER NOT NULL  -- seconds since 1970
) STRICT;

CREATE INDEX counted_hash ON counted (hash, expires);

CREATE INDEX counted_expires ON counted (expires);
)sql"
