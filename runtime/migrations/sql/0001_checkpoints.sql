-- Every account's balance now: what its row carries and, for N and S, the tail since then.
CREATE VIEW account_balance AS
SELECT account.id, account.code, account.guard, account.owner, account.currency,
       account.debits + coalesce(tail.debits, 0) AS debits,
       account.credits + coalesce(tail.credits, 0) AS credits
FROM account
LEFT JOIN LATERAL (
    SELECT (SELECT sum(amount) FROM transfer
            WHERE debit_account = account.id AND xid >= account.upto) AS debits,
           (SELECT sum(amount) FROM transfer
            WHERE credit_account = account.id AND xid >= account.upto) AS credits
) AS tail ON account.guard IN ('N', 'S');

-- Folds the tails of up to `most` accounts into their checkpoints and returns how many it folded.
-- Everything below the horizon has committed or never will, so a late commit is never skipped.
CREATE FUNCTION ledger_rollup(most integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    horizon xid8;
    tail record;
    folded integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('danbao.ledger_rollup'));
    horizon := pg_snapshot_xmin(pg_current_snapshot());
    -- The oldest checkpoints first; each batch in the order in which the guard takes rows.
    FOR tail IN
        SELECT oldest.id FROM (
            SELECT account.id FROM account
            WHERE guard IN ('N', 'S') AND (
                EXISTS (SELECT FROM transfer WHERE debit_account = account.id
                        AND xid >= account.upto AND xid < horizon)
                OR EXISTS (SELECT FROM transfer WHERE credit_account = account.id
                           AND xid >= account.upto AND xid < horizon))
            ORDER BY account.upto, account.id LIMIT most
        ) AS oldest ORDER BY oldest.id
    LOOP
        UPDATE account SET
            debits = debits + coalesce((
                SELECT sum(amount) FROM transfer
                WHERE debit_account = account.id AND xid >= account.upto AND xid < horizon), 0),
            credits = credits + coalesce((
                SELECT sum(amount) FROM transfer
                WHERE credit_account = account.id AND xid >= account.upto AND xid < horizon), 0),
            upto = horizon
        WHERE id = tail.id;
        folded := folded + 1;
    END LOOP;
    RETURN folded;
END $$;

-- One hash over the transfers from `since` to below `upto`, chained to `prev`. Every column is in
-- it; times as numbers, because their text depends on the session's settings.
CREATE FUNCTION ledger_digest(
    prev bytea, since xid8, upto xid8, OUT transfers bigint, OUT hash bytea
)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(*), sha256(prev || coalesce(string_agg(sha256(convert_to(jsonb_build_array(
               journal_id, leg, subject, sequence, name, debit_account, credit_account, currency,
               amount, extract(epoch FROM event_at), xid::text, extract(epoch FROM created_at)
           )::text, 'UTF8')), ''::bytea ORDER BY xid, journal_id, leg), ''))
    FROM transfer WHERE transfer.xid >= since AND transfer.xid < ledger_digest.upto
$$;

-- Seals what has become final since the last seal and returns how many transfers that were.
CREATE FUNCTION ledger_seal() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head seal;
    horizon xid8;
    link record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('danbao.ledger_seal'));
    horizon := pg_snapshot_xmin(pg_current_snapshot());
    SELECT * INTO head FROM seal ORDER BY no DESC LIMIT 1;
    SELECT * INTO link FROM ledger_digest(head.hash, head.upto, horizon);
    IF link.transfers > 0 THEN
        INSERT INTO seal (no, upto, transfers, prev, hash)
        VALUES (head.no + 1, horizon, link.transfers, head.hash, link.hash);
    END IF;
    RETURN link.transfers;
END $$;

-- Computes seals again, from number `since` on: `intact` is false where a transfer or a seal was
-- changed, added or removed after it was sealed.
CREATE FUNCTION ledger_verify(
    since bigint DEFAULT 1, OUT no bigint, OUT transfers bigint, OUT intact boolean
) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT link.no, link.transfers, coalesce(
        link.prev = before.hash
        AND link.hash = again.hash
        AND link.transfers = again.transfers, false)
    FROM seal AS link
    LEFT JOIN seal AS before ON before.no = link.no - 1
    LEFT JOIN LATERAL ledger_digest(before.hash, before.upto, link.upto) AS again ON true
    WHERE link.no >= since
    ORDER BY link.no
$$;
