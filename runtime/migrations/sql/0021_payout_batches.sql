-- Payouts that are ordered together: fixed before the bank hears of any, so that every try says the same.
CREATE TABLE payout_batch (
    id text PRIMARY KEY,
    bank text NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE payout_batch_order (
    payout_id text PRIMARY KEY REFERENCES payout,
    batch_id text NOT NULL REFERENCES payout_batch
);

CREATE INDEX payout_batch_order_batch ON payout_batch_order (batch_id);

CREATE TRIGGER payout_batch_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_batch
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER payout_batch_order_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON payout_batch_order FOR EACH STATEMENT EXECUTE FUNCTION append_only();

GRANT SELECT, INSERT ON payout_batch, payout_batch_order TO danbao_app;
