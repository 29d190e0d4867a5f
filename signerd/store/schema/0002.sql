R"sql(
-- Which CRL the certificate's extension points to; 0: the complete one. What was issued before
-- there were partitions is in none.
ALTER TABLE certificate ADD COLUMN "partition" INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER certificate_keeps_partition BEFORE UPDATE OF "partition" ON certificate
BEGIN
    SELECT RAISE(ABORT, 'certificates are never changed');
END;

-- What is revoked now. The order is that of a CRL, and what a list needs of the certificate is
-- here as well, so that it is one scan of this table.
CREATE TABLE revocation (
    ca          TEXT NOT NULL,
    serial      BLOB NOT NULL,
    reason      INTEGER NOT NULL,  -- CRLReason, RFC 5280 5.3.1
    time        INTEGER NOT NULL,  -- seconds since 1970, as not_after
    not_after   INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    PRIMARY KEY (ca, serial)
) STRICT, WITHOUT ROWID;

-- How many rows that table has: counting them takes longer with each.
CREATE TABLE revocation_count (
    revoked INTEGER NOT NULL
) STRICT;

INSERT INTO revocation_count (revoked) VALUES (0);

CREATE TRIGGER revocation_is_counted AFTER INSERT ON revocation
BEGIN
    UPDATE revocation_count SET revoked = revoked + 1;
END;

CREATE TRIGGER release_is_counted AFTER DELETE ON revocation
BEGIN
    UPDATE revocation_count SET revoked = revoked - 1;
END;

-- One row for each change of it. Numbers start at 1 and have no gaps, so none is used twice.
CREATE TABLE revocation_log (
    change  INTEGER PRIMARY KEY,
    ca      TEXT NOT NULL,
    serial  BLOB NOT NULL,
    revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),  -- 0: released
    time    INTEGER NOT NULL  -- of the revocation or release, seconds since 1970
) STRICT;

CREATE INDEX revocation_log_serial ON revocation_log (ca, serial, change);

CREATE TRIGGER revocation_log_keeps_rows BEFORE DELETE ON revocation_log
BEGIN
    SELECT RAISE(ABORT, 'changes of revocations are never deleted');
END;

CREATE TRIGGER revocation_log_keeps_values BEFORE UPDATE ON revocation_log
BEGIN
    SELECT RAISE(ABORT, 'changes of revocations are never changed');
END;

-- Keys that are certified no more.
CREATE TABLE blocked_key (
    spki_sha256 BLOB PRIMARY KEY CHECK (length(spki_sha256) = 32),
    change      INTEGER NOT NULL REFERENCES revocation_log (change)  -- the first that blocked it
) STRICT, WITHOUT ROWID;

-- The newest list of each kind. Its bytes are in a file.
CREATE TABLE crl (
    ca          TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    delta       INTEGER NOT NULL CHECK (delta IN (0, 1)),
    number      INTEGER NOT NULL,
    this_update INTEGER NOT NULL,  -- seconds since 1970, as next_update and scheduled
    next_update INTEGER NOT NULL,
    scheduled   INTEGER NOT NULL,
    change      INTEGER NOT NULL,  -- of revocation_log: up to here it is in the list
    base        INTEGER NOT NULL,
    entries     INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    form        BLOB NOT NULL CHECK (length(form) = 32),  -- hash of the rules it was made by
    urls        TEXT NOT NULL,     -- of a partition: those in the list, with spaces in between
    PRIMARY KEY (ca, "partition", delta)
) STRICT, WITHOUT ROWID;
)sql"
