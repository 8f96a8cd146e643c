CREATE TABLE payout_contract (
    merchant_id text NOT NULL REFERENCES merchant,
    currency text NOT NULL,
    days smallint NOT NULL CONSTRAINT payout_contract_days CHECK (days BETWEEN 0 AND 30),
    minimum bigint NOT NULL CONSTRAINT payout_contract_minimum CHECK (minimum > 0),
    reserve_days smallint NOT NULL
        CONSTRAINT payout_contract_reserve CHECK (reserve_days BETWEEN 0 AND 540),
    PRIMARY KEY (merchant_id, currency)
);

CREATE TABLE clearing_days (
    bank text NOT NULL,
    currency text NOT NULL,
    cutoff time NOT NULL,
    zone text NOT NULL,
    weekend smallint[] NOT NULL
        CONSTRAINT days_weekend CHECK (weekend <@ ARRAY[0, 1, 2, 3, 4, 5, 6]::smallint[]),
    closed date[] NOT NULL,
    PRIMARY KEY (bank, currency)
);

CREATE TABLE payout_account (
    id text PRIMARY KEY,
    merchant_id text NOT NULL REFERENCES merchant,
    currency text NOT NULL,
    holder text NOT NULL,
    number text NOT NULL,
    state text NOT NULL DEFAULT 'active'
        CONSTRAINT payout_account_state CHECK (state IN ('active', 'frozen', 'replaced')),
    reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX payout_account_present ON payout_account (merchant_id, currency)
    WHERE state <> 'replaced';

CREATE TABLE payout (
    id text PRIMARY KEY,
    merchant_id text NOT NULL REFERENCES merchant,
    bank text NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    amount bigint NOT NULL CONSTRAINT payout_amount CHECK (amount > 0),
    account_id text NOT NULL REFERENCES payout_account,
    reference text NOT NULL UNIQUE,
    state text NOT NULL CONSTRAINT payout_state
        CHECK (state IN ('opened', 'sent', 'settled', 'failed', 'returned')),
    reason text NOT NULL DEFAULT '',
    version smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payout_once_a_day UNIQUE (merchant_id, bank, currency, day)
);

CREATE INDEX payout_merchant ON payout (merchant_id, id);

CREATE INDEX payout_day ON payout (bank, currency, day);

CREATE INDEX payout_open ON payout (id) WHERE state IN ('opened', 'sent');

CREATE TABLE payout_line (
    journal_id uuid NOT NULL,
    leg smallint NOT NULL,
    payout_id text NOT NULL REFERENCES payout,
    amount bigint NOT NULL CONSTRAINT payout_line_amount CHECK (amount <> 0),
    PRIMARY KEY (journal_id, leg),
    CONSTRAINT payout_line_transfer
        FOREIGN KEY (journal_id, leg) REFERENCES transfer (journal_id, leg)
);

CREATE INDEX payout_line_payout ON payout_line (payout_id, journal_id, leg);

CREATE TABLE paid_up_to (
    merchant_id text NOT NULL REFERENCES merchant,
    currency text NOT NULL,
    upto xid8 NOT NULL,
    PRIMARY KEY (merchant_id, currency)
);

CREATE TABLE clearing_run (
    bank text NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (bank, currency, day)
);

-- A payout goes one step at a time, each with its public event; what it pays never changes.
CREATE FUNCTION payout_moves_by_steps() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - ARRAY['state', 'reason', 'version', 'updated_at'])
        <> (to_jsonb(OLD) - ARRAY['state', 'reason', 'version', 'updated_at'])
        OR NEW.version <> OLD.version + 1
        OR (OLD.state, NEW.state) NOT IN (
            ('opened', 'sent'), ('opened', 'failed'), ('sent', 'settled'), ('sent', 'failed'),
            ('sent', 'returned'), ('settled', 'returned'))
    THEN
        RAISE EXCEPTION 'payout % can''t go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_moves_by_steps';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payout_moves_by_steps BEFORE UPDATE ON payout
    FOR EACH ROW EXECUTE FUNCTION payout_moves_by_steps();

CREATE TRIGGER payout_stays BEFORE DELETE OR TRUNCATE ON payout
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER payout_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_line
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Lines come with their payout, in one statement, and are what it pays.
CREATE FUNCTION payout_is_its_lines() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT payout_id AS id FROM added) AS told
        JOIN payout USING (id)
        WHERE amount <> (SELECT sum(line.amount) FROM payout_line AS line
                         WHERE line.payout_id = payout.id)
    ) THEN
        RAISE EXCEPTION 'a payout is the sum of its lines'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_is_its_lines';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER payout_is_its_lines AFTER INSERT ON payout_line
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payout_is_its_lines();

REVOKE EXECUTE ON FUNCTION payout_moves_by_steps, payout_is_its_lines FROM PUBLIC;

GRANT SELECT ON payout_contract, clearing_days, payout_account, payout, payout_line, paid_up_to,
    clearing_run TO danbao_app;

GRANT INSERT ON payout_contract, clearing_days, payout_account, payout, payout_line, paid_up_to,
    clearing_run TO danbao_app;

GRANT UPDATE (days, minimum, reserve_days) ON payout_contract TO danbao_app;

GRANT UPDATE (cutoff, zone, weekend, closed) ON clearing_days TO danbao_app;

GRANT UPDATE (state, reason) ON payout_account TO danbao_app;

GRANT UPDATE (state, reason, version, updated_at) ON payout TO danbao_app;

GRANT UPDATE (upto) ON paid_up_to TO danbao_app;

GRANT UPDATE (finished_at) ON clearing_run TO danbao_app;

-- Payouts have public events of their own, which no purchase's transition caused.
ALTER TABLE event ALTER COLUMN transition DROP NOT NULL;

-- Merchants with an account of a code, for clearing's pages.
CREATE INDEX account_of_merchants ON account (currency, owner) WHERE code IN (2200, 2210);

-- A bank is told to pay merchants, too.
ALTER TABLE bank_operation DROP CONSTRAINT bank_operation_operation;

ALTER TABLE bank_operation ADD CONSTRAINT bank_operation_operation
    CHECK (operation IN ('payment', 'deduct', 'unfreeze', 'refund', 'remit'));

-- A key that could do everything still can.
UPDATE api_key SET scopes = array_append(scopes, 'payouts')
    WHERE scopes @> ARRAY['escrows:read', 'escrows:write', 'refunds', 'webhooks', 'keys'];
