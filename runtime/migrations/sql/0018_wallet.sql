CREATE TABLE wallet_account (
    id text PRIMARY KEY,
    email text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE wallet_entrance (
    email text PRIMARY KEY,
    id text NOT NULL UNIQUE,
    language text NOT NULL,
    tries integer NOT NULL,
    next_try_at timestamptz,
    asked_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL
);

CREATE INDEX wallet_entrance_end ON wallet_entrance (ends_at);

CREATE INDEX wallet_entrance_due ON wallet_entrance (next_try_at) WHERE next_try_at IS NOT NULL;

CREATE TABLE wallet_session (
    hash bytea PRIMARY KEY,
    account_id text NOT NULL REFERENCES wallet_account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL
);

CREATE INDEX wallet_session_end ON wallet_session (ends_at);

CREATE INDEX wallet_session_account ON wallet_session (account_id);

CREATE TABLE wallet_purchase (
    account_id text NOT NULL REFERENCES wallet_account ON DELETE CASCADE,
    escrow_id text NOT NULL REFERENCES escrow,
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, escrow_id)
);

CREATE INDEX wallet_purchase_escrow ON wallet_purchase (escrow_id);

CREATE TABLE wallet_payer (
    account_id text NOT NULL REFERENCES wallet_account ON DELETE CASCADE,
    bank text NOT NULL,
    reference text NOT NULL UNIQUE,
    PRIMARY KEY (account_id, bank)
);

CREATE TABLE wallet_method (
    id text PRIMARY KEY,
    account_id text NOT NULL REFERENCES wallet_account ON DELETE CASCADE,
    bank text NOT NULL,
    token text NOT NULL,
    method text NOT NULL,
    label text NOT NULL,
    expires text NOT NULL
        CONSTRAINT wallet_method_expires CHECK (expires ~ '^(\d{4}-\d{2})?$'),
    kept_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT wallet_method_token UNIQUE (account_id, bank, token)
);

CREATE TABLE wallet_forgetting (
    reference text PRIMARY KEY,
    bank text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX wallet_forgetting_due ON wallet_forgetting (next_try_at);

ALTER TABLE checkout ADD COLUMN buyer_digest bytea;

CREATE INDEX checkout_buyer ON checkout (buyer_digest, escrow_id) WHERE length(buyer_digest) > 0;

CREATE INDEX checkout_undigested ON checkout (escrow_id)
    WHERE buyer_digest IS NULL AND buyer_email IS NOT NULL;

GRANT UPDATE (buyer_digest) ON checkout TO danbao_app;

GRANT SELECT, INSERT, DELETE ON
    wallet_account, wallet_session, wallet_purchase, wallet_payer TO danbao_app;

GRANT UPDATE (seen_at, ends_at) ON wallet_session TO danbao_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    wallet_entrance, wallet_method, wallet_forgetting TO danbao_app;
