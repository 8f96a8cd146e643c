-- Files of payouts that were taken: never forgotten, unlike single references.
CREATE TABLE batch (
    id       text        PRIMARY KEY,
    sha256   bytea       NOT NULL,
    data     bytea       NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now()
);

-- Which remittance each of its orders is, also one that was ordered before by itself.
CREATE TABLE batch_order (
    batch      text   NOT NULL REFERENCES batch,
    reference  text   NOT NULL,
    remittance bigint NOT NULL REFERENCES remittance,
    PRIMARY KEY (batch, reference)
);
