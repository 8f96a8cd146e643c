-- Moves the balances of guarded accounts and refuses what would overdraw them. It nets what one
-- statement inserted per account and goes through the accounts in the order of their ids, so that
-- no two writers ever wait for each other in a circle.
-- C and D: the row carries the balance, its CHECK is the guard.
-- S: credits never lock. A debit locks the row, which orders debits, and then sums checkpoint and
-- tail in a statement of its own, which sees every debit before it: but only in READ COMMITTED.
-- N: no guard, no lock.
CREATE FUNCTION transfer_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    moved record;
    left_over numeric;
BEGIN
    FOR moved IN
        SELECT side.id, account.guard,
               sum(side.debit)::bigint AS debits, sum(side.credit)::bigint AS credits
        FROM (
            SELECT debit_account AS id, amount AS debit, 0 AS credit FROM added
            UNION ALL
            SELECT credit_account, 0, amount FROM added
        ) AS side
        JOIN account ON account.id = side.id AND account.guard <> 'N'
        GROUP BY side.id, account.guard
        HAVING account.guard <> 'S' OR sum(side.debit) > 0
        ORDER BY side.id
    LOOP
        IF moved.guard = 'S' THEN
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'account % is debited in READ COMMITTED only', moved.id
                    USING ERRCODE = 'invalid_transaction_state';
            END IF;
            PERFORM FROM account WHERE id = moved.id FOR NO KEY UPDATE;
            SELECT credits - debits INTO left_over FROM account_balance WHERE id = moved.id;
            IF left_over < 0 THEN
                RAISE EXCEPTION 'account % has not enough', moved.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'account_summed_guard';
            END IF;
        ELSE
            UPDATE account
            SET debits = debits + moved.debits, credits = credits + moved.credits
            WHERE id = moved.id;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- A journal comes whole, in one statement, legs 1 to n: nobody adds a leg to one that is there.
CREATE FUNCTION journal_is_whole() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added GROUP BY journal_id HAVING min(leg) <> 1 OR max(leg) <> count(*)
    ) THEN
        RAISE EXCEPTION 'a journal is inserted whole and once'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'transfer_journal_whole';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER transfer_guard AFTER INSERT ON transfer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION transfer_guard();

CREATE TRIGGER transfer_whole AFTER INSERT ON transfer
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION journal_is_whole();

-- What was agreed and what happened stays as it was written, also for the owner of the tables.
CREATE FUNCTION append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER transition_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transition
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- The purchase's row moves by one step at a time; without a step only `started_at` is noted.
CREATE FUNCTION escrow_moves_by_steps() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF to_jsonb(NEW) - 'started_at' <> to_jsonb(OLD) - 'started_at' THEN
        RAISE EXCEPTION 'escrow % moves only by its next transition', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'escrow_moves_by_steps';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER escrow_moves_by_steps BEFORE UPDATE ON escrow
    FOR EACH ROW WHEN (NEW.version IS DISTINCT FROM OLD.version + 1)
    EXECUTE FUNCTION escrow_moves_by_steps();
