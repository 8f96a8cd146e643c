-- The application's own role: what is not said here it may not do. Not the transfer's xid and
-- created_at, which decide about checkpoints and seals; not an account's balance.
GRANT SELECT ON chart, account, account_balance, transfer, seal, escrow, transition, event
    TO danbao_app;

GRANT INSERT (id, code, guard, owner, currency) ON account TO danbao_app;

GRANT INSERT (
    journal_id, leg, subject, sequence, name, debit_account, credit_account, currency, amount,
    event_at
) ON transfer TO danbao_app;

GRANT INSERT ON escrow, event TO danbao_app;

GRANT INSERT (escrow_id, sequence, name, by, at, detail, hash) ON transition TO danbao_app;

-- What was agreed is not among these.
GRANT UPDATE (
    version, stage, dispute, status, funded, held, disputed, released, refunded, authorised,
    "returning", bank, method, attempt, payment, declined, deadline, capture_before,
    dispute_deadline, review, told, updated_at, started_at
) ON escrow TO danbao_app;

REVOKE EXECUTE ON FUNCTION
    transfer_guard, journal_is_whole, append_only, escrow_moves_by_steps,
    ledger_rollup, ledger_digest, ledger_seal, ledger_verify
    FROM PUBLIC;

-- Maintenance: these only ever write down what is so.
GRANT EXECUTE ON FUNCTION ledger_rollup, ledger_digest, ledger_seal, ledger_verify TO danbao_app;
