-- The bank's own calendar: the day that is open.
CREATE TABLE business_day (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    today date    NOT NULL
);
INSERT INTO business_day (today) VALUES ((now() AT TIME ZONE 'Asia/Shanghai')::date);

ALTER TABLE transfer DROP CONSTRAINT transfer_kind_check;
ALTER TABLE transfer ADD CONSTRAINT transfer_kind_check CHECK (kind IN
    ('opening', 'freeze', 'unfreeze', 'expire', 'deduct', 'refund', 'remit', 'reject', 'return',
     'fee'));
ALTER TABLE transfer
    -- In whose statement a line of the custody account stands; null until that day is closed.
    ADD COLUMN day       date,
    -- It was left for the next day once.
    ADD COLUMN postponed boolean NOT NULL DEFAULT false;
CREATE INDEX transfer_not_stated ON transfer (id)
    WHERE day IS NULL AND (debit = 'custody' OR credit = 'custody');

-- What a day was closed with, of the custody account of each currency.
CREATE TABLE statement (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    currency   text        NOT NULL,
    sequence   bigint      NOT NULL CHECK (sequence > 0),
    day        date        NOT NULL,
    opening    bigint      NOT NULL,
    closing    bigint      NOT NULL,
    entries    int         NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (currency, sequence),
    UNIQUE (currency, day)
);

CREATE TABLE statement_file (
    statement  bigint NOT NULL REFERENCES statement,
    format     text   NOT NULL CHECK (format IN ('camt.053', 'bill')),
    name       text   NOT NULL,
    media_type text   NOT NULL,
    data       bytea  NOT NULL,
    PRIMARY KEY (statement, format)
);

CREATE FUNCTION closed_is_closed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'what is closed never changes'; END $$;
CREATE TRIGGER statement_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION closed_is_closed();
CREATE TRIGGER statement_file_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_file
    FOR EACH STATEMENT EXECUTE FUNCTION closed_is_closed();

-- When the merchant is shown which statement. `number` is given in the order in which they are
-- shown, so that nobody who reads on past a number misses one; without `due_at` a statement waits
-- for the next of its account.
CREATE TABLE delivery (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    statement bigint      NOT NULL REFERENCES statement,
    due_at    timestamptz,
    number    bigint      UNIQUE
);
CREATE INDEX delivery_due ON delivery (due_at) WHERE number IS NULL;
