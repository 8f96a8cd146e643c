-- What payers let the bank remember for one merchant's platform. `payer` is the platform's name for
-- them, `account` is whose money it is. No number of a card: its last four digits are in `label`.
CREATE TABLE saved_method (
    token      text        PRIMARY KEY,
    payer      text        NOT NULL CHECK (payer <> ''),
    account    text        NOT NULL,
    method     text        NOT NULL CHECK (method IN ('card', 'online_banking')),
    label      text        NOT NULL,
    -- The last month in which it can pay, 2030-04; '' when it does not expire.
    expires    text        NOT NULL CHECK (expires ~ '^(\d{4}-\d{2})?$'),
    -- Payment passwords typed since the last right one.
    tries      int         NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (payer, account, method)
);

-- Who pays, by the platform's name, with which saved method, and whether the page offers to remember.
ALTER TABLE payment
    ADD COLUMN buyer    text    NOT NULL DEFAULT '',
    ADD COLUMN saved    text    NOT NULL DEFAULT '',
    ADD COLUMN remember boolean NOT NULL DEFAULT false;

-- What this browser's buyer pays with, as one may show it; only where it may be remembered.
ALTER TABLE visit
    ADD COLUMN method  text NOT NULL DEFAULT '',
    ADD COLUMN label   text NOT NULL DEFAULT '',
    ADD COLUMN expires text NOT NULL DEFAULT '';
