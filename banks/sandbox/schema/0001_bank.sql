-- Whose money it is. Only payers' accounts keep a balance; the bank's own are sums of transfers.
CREATE TABLE account (
    id       text   NOT NULL,
    currency text   NOT NULL,
    balance  bigint NOT NULL CHECK (balance >= 0),
    PRIMARY KEY (id, currency)
);

-- The journal: each line debits one account and credits another, so it always balances.
CREATE TABLE transfer (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    kind      text        NOT NULL
              CHECK (kind IN ('opening', 'freeze', 'unfreeze', 'expire', 'deduct', 'refund')),
    reference text        NOT NULL,
    debit     text        NOT NULL,
    credit    text        NOT NULL CHECK (credit <> debit),
    amount    bigint      NOT NULL CHECK (amount > 0),
    currency  text        NOT NULL
);
CREATE INDEX transfer_reference ON transfer (reference text_pattern_ops, id);

-- The bank's memory of what it was told under a reference: forgotten after a day.
CREATE TABLE request (
    reference text        PRIMARY KEY,
    said      text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX request_age ON request (at);

CREATE TABLE payment (
    token          text        PRIMARY KEY,
    reference      text        NOT NULL,
    funding        text        NOT NULL CHECK (funding IN ('deduct', 'freeze')),
    amount         bigint      NOT NULL CHECK (amount >= 0),
    currency       text        NOT NULL,
    return_url     text        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('open', 'processing', 'deducted', 'frozen',
                               'unfrozen', 'expired', 'closed', 'declined')),
    -- It never got a page: declined at once, or closed before it was started.
    pageless       boolean     NOT NULL DEFAULT false,
    code           text        NOT NULL DEFAULT '',
    payer          text        NOT NULL DEFAULT '',
    frozen         bigint      NOT NULL DEFAULT 0 CHECK (frozen >= 0),
    taken          bigint      NOT NULL DEFAULT 0 CHECK (taken >= 0),
    refunded       bigint      NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND taken),
    capture_before timestamptz,
    expires_at     timestamptz,
    settles_at     timestamptz,
    closed_at      timestamptz,
    still_payable  boolean     NOT NULL DEFAULT false,
    known_from     timestamptz NOT NULL,
    shown_from     timestamptz NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payment_reference ON payment (reference, created_at);
CREATE INDEX payment_expiry ON payment (expires_at) WHERE state = 'frozen';
CREATE INDEX payment_settling ON payment (settles_at) WHERE state = 'processing';

-- What is done with a payment afterwards.
CREATE TABLE errand (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference  text        NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('deduct', 'unfreeze', 'refund')),
    payment    text        NOT NULL REFERENCES payment (token),
    amount     bigint      NOT NULL CHECK (amount >= 0),
    state      text        NOT NULL CHECK (state IN ('pending', 'done', 'declined')),
    moved      bigint      NOT NULL DEFAULT 0 CHECK (moved >= 0),
    code       text        NOT NULL DEFAULT '',
    due_at     timestamptz,
    known_from timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX errand_reference ON errand (reference, id);
CREATE INDEX errand_due ON errand (due_at) WHERE state = 'pending';

-- Reports to the merchant, committed with what they report.
CREATE TABLE callback (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     text        NOT NULL,
    body         text        NOT NULL,
    due_at       timestamptz NOT NULL,
    tries        int         NOT NULL DEFAULT 0,
    delivered_at timestamptz
);
CREATE INDEX callback_due ON callback (due_at) WHERE delivered_at IS NULL;

-- A browser on the payment page. `id` is the SHA-256 of its cookie.
CREATE TABLE visit (
    id          bytea       PRIMARY KEY,
    payment     text        NOT NULL REFERENCES payment (token),
    form_token  text        NOT NULL,
    payer       text        NOT NULL DEFAULT '',
    wrong_codes int         NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now()
);

-- Faults that were ordered through POST /sandbox/faults.
CREATE TABLE fault (
    id            bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call          text    NOT NULL,
    kind          text    NOT NULL,
    seconds       float8  NOT NULL,
    code          text    NOT NULL,
    prefix        text    NOT NULL,
    share         float8  NOT NULL,
    times         bigint,
    per_reference bigint,
    seed          text    NOT NULL,
    fired         bigint  NOT NULL DEFAULT 0
);

-- How often a fault has looked at a reference, so that "once" survives a crash of the bank.
CREATE TABLE fault_met (
    fault     text   NOT NULL,
    reference text   NOT NULL,
    tries     bigint NOT NULL,
    fired     bigint NOT NULL,
    PRIMARY KEY (fault, reference)
);
