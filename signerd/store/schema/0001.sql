R"sql(
-- One row for each certificate that was issued. Rows are never removed, so ids have no gaps.
-- Serials are bytes: half the size of their text, in an index that is written at random places.
CREATE TABLE certificate (
    id         INTEGER PRIMARY KEY,
    ca         TEXT NOT NULL,
    serial     BLOB NOT NULL,
    tenant     TEXT NOT NULL,
    profile    TEXT NOT NULL,
    subject    TEXT NOT NULL,     -- RFC 4514
    sans       TEXT NOT NULL,
    not_before INTEGER NOT NULL,  -- seconds since 1970, as not_after and issued
    not_after  INTEGER NOT NULL,
    issued     INTEGER NOT NULL,
    protocol   INTEGER NOT NULL,
    csr_sha256 BLOB NOT NULL CHECK (length(csr_sha256) = 32),
    der        BLOB NOT NULL,
    UNIQUE (serial, ca)           -- in this order: some look for a serial in every CA
) STRICT;

CREATE INDEX certificate_profile ON certificate (profile);

-- What an idempotency key was answered with. The CSR to which the key is bound is that of the
-- certificate, so the two cannot disagree.
CREATE TABLE answer (
    key         BLOB PRIMARY KEY CHECK (length(key) = 32),
    certificate INTEGER NOT NULL REFERENCES certificate (id),
    created     INTEGER NOT NULL  -- seconds since 1970
) STRICT, WITHOUT ROWID;

-- One row for each decision, chained by
--     hash(n) = SHA-256(hash(n-1) || canonical(n)),  hash(0) = 32 zero bytes
-- Sequences start at 1 and have no gaps. The canonical bytes are the record: columns for its
-- fields would be a second, unprotected copy.
CREATE TABLE audit (
    sequence  INTEGER PRIMARY KEY,
    canonical BLOB NOT NULL,
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Against mistakes by hand; against malice there is the chain.
CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit records are never deleted');
END;

CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit records are never changed');
END;

CREATE TRIGGER certificate_keeps_rows BEFORE DELETE ON certificate
BEGIN
    SELECT RAISE(ABORT, 'certificates are never deleted');
END;

CREATE TRIGGER certificate_keeps_values
BEFORE UPDATE OF id, ca, serial, tenant, profile, issued, csr_sha256, der ON certificate
BEGIN
    SELECT RAISE(ABORT, 'certificates are never changed');
END;
)sql"
