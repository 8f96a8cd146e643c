CREATE TABLE operator (
    id text PRIMARY KEY,
    login text NOT NULL UNIQUE CONSTRAINT operator_login_lower CHECK (login = lower(login)),
    name text NOT NULL,
    role text NOT NULL CONSTRAINT operator_role
        CHECK (role IN ('viewer', 'operator', 'approver')),
    password_hash text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    key_last4 text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);

CREATE TABLE operator_session (
    hash bytea PRIMARY KEY,
    operator_id text NOT NULL REFERENCES operator,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz NOT NULL
);

CREATE INDEX operator_session_end ON operator_session (ends_at);

CREATE TABLE proposal (
    id text PRIMARY KEY,
    escrow_id text NOT NULL REFERENCES escrow,
    dispute integer NOT NULL,
    version integer NOT NULL,
    refund bigint NOT NULL,
    release bigint NOT NULL,
    note text NOT NULL,
    alone boolean NOT NULL,
    proposed_by text NOT NULL REFERENCES operator,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    approved_by text REFERENCES operator,
    approved_at timestamptz,
    CONSTRAINT proposal_amounts CHECK (least(refund, release) >= 0),
    CONSTRAINT proposal_four_eyes CHECK (
        (approved_by IS NULL) = (approved_at IS NULL)
        AND (approved_by IS NULL OR alone = (approved_by = proposed_by))
    )
);

CREATE INDEX proposal_dispute ON proposal (escrow_id, dispute, proposed_at);

-- One decision per dispute, whoever approves at the same moment.
CREATE UNIQUE INDEX proposal_decided ON proposal (escrow_id, dispute)
    WHERE approved_at IS NOT NULL;

CREATE TABLE audit_entry (
    no integer PRIMARY KEY,
    at timestamptz NOT NULL,
    operator_id text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL
);

CREATE INDEX audit_subject ON audit_entry (subject, no);

-- Of everything that an entry says, and of the entry before it.
CREATE FUNCTION audit_hash(entry audit_entry) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(
        entry.prev, entry.no,
        to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        entry.operator_id, entry.action, entry.subject, entry.detail
    )::text, 'UTF8')), 'hex')
$$;

-- One writer at a time, so that there is one last entry.
CREATE FUNCTION audit_chained() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('audit_entry', 0));
    SELECT no, hash INTO last FROM audit_entry ORDER BY no DESC LIMIT 1;
    NEW.no := coalesce(last.no, 0) + 1;
    NEW.prev := coalesce(last.hash, repeat('0', 64));
    NEW.at := clock_timestamp();
    NEW.hash := audit_hash(NEW);
    RETURN NEW;
END $$;

CREATE TRIGGER audit_chained BEFORE INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_chained();

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

REVOKE EXECUTE ON FUNCTION audit_chained FROM PUBLIC;

CREATE INDEX escrow_disputed ON escrow (dispute_deadline, id) WHERE dispute <> 'none';

GRANT SELECT, INSERT ON operator TO danbao_app;

GRANT UPDATE (password_hash, key_hash, key_last4, role, disabled_at) ON operator TO danbao_app;

GRANT SELECT, INSERT, DELETE ON operator_session TO danbao_app;

GRANT UPDATE (seen_at, ends_at) ON operator_session TO danbao_app;

GRANT SELECT, INSERT ON proposal TO danbao_app;

GRANT UPDATE (approved_by, approved_at) ON proposal TO danbao_app;

GRANT SELECT ON audit_entry TO danbao_app;

GRANT INSERT (operator_id, action, subject, detail) ON audit_entry TO danbao_app;
