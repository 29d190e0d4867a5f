R"sql(
-- What ties the messages of a transaction of CMP together. Rows go when they are over.
CREATE TABLE cmp_transaction (
    key              BLOB PRIMARY KEY CHECK (length(key) = 32),
    opened_by        BLOB NOT NULL CHECK (length(opened_by) = 32),   -- SHA-256 of the message
    originator       BLOB NOT NULL CHECK (length(originator) = 32),  -- of who sent it
    credential       INTEGER NOT NULL,
    first_nonce      BLOB NOT NULL,
    last_message     BLOB NOT NULL CHECK (length(last_message) = 32),
    last_nonce       BLOB NOT NULL,
    state            INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),  -- TransactionState
    implicit_confirm INTEGER NOT NULL CHECK (implicit_confirm IN (0, 1)),
    cert_req_id      INTEGER NOT NULL,
    certificate      INTEGER REFERENCES certificate (id),
    confirm_by       INTEGER NOT NULL,  -- seconds since 1970, as expires
    expires          INTEGER NOT NULL,
    CHECK (state = 6 OR (certificate IS NULL) = (state = 0))
) STRICT, WITHOUT ROWID;

-- Those that lose their certificate when the client does not come, and those that go.
CREATE INDEX cmp_transaction_due ON cmp_transaction (confirm_by) WHERE state IN (1, 2);

CREATE INDEX cmp_transaction_expires ON cmp_transaction (expires) WHERE state NOT IN (1, 2);

CREATE TRIGGER cmp_transaction_keeps_values
BEFORE UPDATE OF key, opened_by, originator, credential, first_nonce, implicit_confirm,
    cert_req_id ON cmp_transaction
BEGIN
    SELECT RAISE(ABORT, 'who opened a transaction is never changed');
END;

CREATE TRIGGER cmp_transaction_keeps_its_certificate
BEFORE UPDATE OF certificate ON cmp_transaction
WHEN old.certificate IS NOT NULL AND new.certificate IS NOT old.certificate
BEGIN
    SELECT RAISE(ABORT, 'a transaction has one certificate');
END;

-- Requests that wait may be written in CRMF, and their originator is more than a certificate.
ALTER TABLE request ADD COLUMN form INTEGER NOT NULL DEFAULT 0;  -- RequestForm

ALTER TABLE request ADD COLUMN originator BLOB NOT NULL DEFAULT x'';  -- wire::Originator

CREATE TRIGGER request_keeps_its_form BEFORE UPDATE OF form, originator ON request
BEGIN
    SELECT RAISE(ABORT, 'requests are never changed');
END;
)sql"
