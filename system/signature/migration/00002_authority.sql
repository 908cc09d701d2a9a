-- +goose Up
-- The certification authority. Times are unix microseconds UTC; certificates are
-- DER in base64; handles are what the key store gives (no private key in the open).

CREATE TABLE ca_key (
    name        TEXT NOT NULL,   -- root, issuing, ocsp, tsa
    number      BIGINT NOT NULL, -- 1, 2, …: the highest is used, the others' work stays checkable
    issuer      TEXT NOT NULL,   -- name-number of who certified it; its own for the root
    certificate TEXT NOT NULL,
    handle      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    not_after   BIGINT NOT NULL,
    PRIMARY KEY (name, number)
);
CREATE TABLE certificate (
    serial      TEXT PRIMARY KEY, -- hex, lower case, without leading zeros
    issuer      TEXT NOT NULL,    -- name-number of the ca_key
    pin         TEXT NOT NULL,    -- '' for a certificate of the authority's own
    usage       TEXT NOT NULL,    -- authentication, signature; issuing, ocsp, tsa
    medium      TEXT NOT NULL,    -- card, cloud, authority
    certificate TEXT NOT NULL,
    not_before  BIGINT NOT NULL,
    not_after   BIGINT NOT NULL,
    revoked_at  BIGINT NOT NULL,  -- 0: good
    reason      BIGINT NOT NULL,  -- RFC 5280, 5.3.1
    created_at  BIGINT NOT NULL
);
CREATE INDEX certificate_pin ON certificate (pin, created_at);
CREATE INDEX certificate_revoked ON certificate (issuer, revoked_at);
-- A key belongs to one person and one use: asked for another, it is refused.
CREATE TABLE certified_key (
    spki  TEXT PRIMARY KEY, -- SHA-256 of the public key, hex
    pin   TEXT NOT NULL,
    usage TEXT NOT NULL
);
CREATE TABLE revocation_list (
    issuer      TEXT PRIMARY KEY,
    number      BIGINT NOT NULL, -- RFC 5280, 5.2.3: grows with each list
    list        TEXT NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    stale       BIGINT NOT NULL  -- 1: something was revoked since
);

-- +goose Down
DROP TABLE revocation_list;
DROP TABLE certified_key;
DROP TABLE certificate;
DROP TABLE ca_key;
