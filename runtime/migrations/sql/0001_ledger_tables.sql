CREATE TABLE chart (
    code smallint PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL,
    guard text NOT NULL,
    CONSTRAINT chart_name UNIQUE (name),
    CONSTRAINT chart_code_guard UNIQUE (code, guard),
    CONSTRAINT chart_kind CHECK (kind IN ('asset', 'liability', 'income', 'expense', 'memo')),
    CONSTRAINT chart_guard CHECK (guard IN ('N', 'C', 'D', 'S'))
);

INSERT INTO chart (code, name, kind, guard) VALUES
    (1010, 'bank_cash', 'asset', 'N'),
    (1100, 'bank_clearing', 'asset', 'N'),
    (1300, 'merchant_receivable', 'asset', 'D'),
    (2100, 'escrow', 'liability', 'C'),
    (2110, 'escrow_disputed', 'liability', 'C'),
    (2200, 'merchant_payable', 'liability', 'S'),
    (2210, 'merchant_reserve', 'liability', 'S'),
    (2300, 'payout_in_transit', 'liability', 'N'),
    (2310, 'refund_in_transit', 'liability', 'N'),
    (2900, 'suspense', 'liability', 'N'),
    (4100, 'fee', 'income', 'N'),
    (5100, 'bank_fee', 'expense', 'N'),
    (5200, 'chargeback_loss', 'expense', 'N'),
    (9100, 'issuer_hold', 'memo', 'N'),
    (9200, 'hold', 'memo', 'C');

-- For guards C and D debits and credits are the balance, moved with every transfer. For N and S
-- they are a checkpoint: all transfers below `upto`; the rest is summed from the tail.
-- The fillfactor leaves room on the page, so that a balance moves without touching an index.
CREATE TABLE account (
    id uuid PRIMARY KEY,
    code smallint NOT NULL,
    guard text NOT NULL,
    owner text NOT NULL,
    currency text NOT NULL,
    debits bigint NOT NULL DEFAULT 0,
    credits bigint NOT NULL DEFAULT 0,
    upto xid8 NOT NULL DEFAULT '0',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_id_currency UNIQUE (id, currency),
    CONSTRAINT account_code_owner_currency UNIQUE (code, owner, currency),
    CONSTRAINT account_chart FOREIGN KEY (code, guard) REFERENCES chart (code, guard),
    CONSTRAINT account_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT account_positive CHECK (debits >= 0 AND credits >= 0),
    CONSTRAINT account_credit_guard CHECK (guard <> 'C' OR credits >= debits),
    CONSTRAINT account_debit_guard CHECK (guard <> 'D' OR debits >= credits)
) WITH (fillfactor = 70);

CREATE TABLE transfer (
    journal_id uuid NOT NULL,
    leg smallint NOT NULL,
    subject text NOT NULL,
    sequence integer NOT NULL,
    name text NOT NULL,
    debit_account uuid NOT NULL,
    credit_account uuid NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    event_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (journal_id, leg),
    CONSTRAINT transfer_debit_account FOREIGN KEY (debit_account, currency)
        REFERENCES account (id, currency),
    CONSTRAINT transfer_credit_account FOREIGN KEY (credit_account, currency)
        REFERENCES account (id, currency),
    CONSTRAINT transfer_subject UNIQUE (subject, sequence, leg),
    CONSTRAINT transfer_amount CHECK (amount > 0),
    CONSTRAINT transfer_leg CHECK (leg > 0),
    CONSTRAINT transfer_two_accounts CHECK (debit_account <> credit_account)
);

CREATE INDEX transfer_debits ON transfer (debit_account, xid) INCLUDE (amount);

CREATE INDEX transfer_credits ON transfer (credit_account, xid) INCLUDE (amount);

CREATE INDEX transfer_xid ON transfer (xid);

CREATE TABLE seal (
    no bigint PRIMARY KEY,
    upto xid8 NOT NULL,
    transfers bigint NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO seal (no, upto, transfers, prev, hash) VALUES (0, '0', 0, '', sha256('genesis'));
