R"sql(
-- Requests that wait for a person, and what became of them. Rows are never removed.
CREATE TABLE request (
    id                 INTEGER PRIMARY KEY,
    key                BLOB NOT NULL CHECK (length(key) = 32),  -- as in answer
    live               INTEGER NOT NULL CHECK (live IN (0, 1)),  -- 0: a later one has its key
    tenant             TEXT NOT NULL,
    profile            TEXT NOT NULL,
    protocol           INTEGER NOT NULL,
    operation          INTEGER NOT NULL,
    csr                BLOB NOT NULL,     -- without challengePassword
    csr_sha256         BLOB NOT NULL CHECK (length(csr_sha256) = 32),  -- as the client sent it
    spki_sha256        BLOB NOT NULL CHECK (length(spki_sha256) = 32),
    subject            TEXT NOT NULL,     -- RFC 4514
    sans               TEXT NOT NULL,
    client_address     TEXT NOT NULL,
    credential         INTEGER NOT NULL,
    credential_name    TEXT NOT NULL,
    client_certificate BLOB NOT NULL,     -- empty: none, as signer_certificate
    signer_certificate BLOB NOT NULL,
    "transaction"      TEXT NOT NULL,
    created            INTEGER NOT NULL,  -- seconds since 1970, as expires and decided
    expires            INTEGER NOT NULL,  -- the end of waiting, or of fetching what was decided
    state              INTEGER NOT NULL CHECK (state IN (0, 1, 2)),  -- waiting, issued, denied
    decided            INTEGER NOT NULL,
    decided_by         TEXT NOT NULL,
    reason             TEXT NOT NULL,
    certificate        INTEGER REFERENCES certificate (id),
    CHECK ((certificate IS NOT NULL) = (state = 1))
) STRICT;

CREATE UNIQUE INDEX request_key ON request (key) WHERE live = 1;

CREATE INDEX request_profile ON request (profile);

CREATE INDEX request_waiting ON request (profile, expires) WHERE state = 0;

-- Of all profiles together.
CREATE INDEX request_waiting_all ON request (expires) WHERE state = 0;

CREATE TRIGGER request_keeps_rows BEFORE DELETE ON request
BEGIN
    SELECT RAISE(ABORT, 'requests are never deleted');
END;

CREATE TRIGGER request_keeps_values
BEFORE UPDATE OF id, key, tenant, profile, protocol, operation, csr, csr_sha256, spki_sha256,
    subject, sans, client_address, credential, credential_name, client_certificate,
    signer_certificate, "transaction", created ON request
BEGIN
    SELECT RAISE(ABORT, 'requests are never changed');
END;

CREATE TRIGGER request_is_decided_once BEFORE UPDATE OF state, decided, decided_by, reason,
    certificate, expires ON request WHEN old.state <> 0
BEGIN
    SELECT RAISE(ABORT, 'a request is decided once');
END;
)sql"
