-- What Danbao pays to others out of its custody account.
ALTER TABLE transfer DROP CONSTRAINT transfer_kind_check;
ALTER TABLE transfer ADD CONSTRAINT transfer_kind_check CHECK (kind IN
    ('opening', 'freeze', 'unfreeze', 'expire', 'deduct', 'refund', 'remit', 'reject', 'return'));

-- The custody account's balance is the sum of these.
CREATE INDEX transfer_into_custody ON transfer (currency) INCLUDE (amount)
    WHERE credit = 'custody';
CREATE INDEX transfer_out_of_custody ON transfer (currency) INCLUDE (amount)
    WHERE debit = 'custody';

CREATE TABLE remittance (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference  text        NOT NULL,
    amount     bigint      NOT NULL CHECK (amount > 0),
    currency   text        NOT NULL,
    holder     text        NOT NULL,
    account    text        NOT NULL,
    state      text        NOT NULL
               CHECK (state IN ('pending', 'accepted', 'settled', 'returned', 'declined')),
    code       text        NOT NULL DEFAULT '',
    -- When the next thing happens to it by itself.
    due_at     timestamptz,
    known_from timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX remittance_reference ON remittance (reference, id);
CREATE INDEX remittance_due ON remittance (due_at) WHERE due_at IS NOT NULL;
