CREATE TABLE statement_notice (
    bank text NOT NULL,
    number bigint NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    sequence bigint NOT NULL,
    day date NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    PRIMARY KEY (bank, number)
);

CREATE INDEX statement_notice_unread ON statement_notice (bank, number) WHERE read_at IS NULL;

CREATE TABLE statement_file (
    id text PRIMARY KEY,
    bank text NOT NULL,
    currency text NOT NULL,
    sequence bigint NOT NULL CONSTRAINT statement_file_sequence CHECK (sequence > 0),
    day date NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT statement_file_bytes UNIQUE,
    content bytea NOT NULL,
    opening bigint NOT NULL,
    closing bigint NOT NULL,
    lines integer NOT NULL,
    made_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    matched_upto integer NOT NULL DEFAULT 0,
    finished_at timestamptz,
    CONSTRAINT statement_file_once UNIQUE (bank, currency, sequence)
);

CREATE TABLE statement_line (
    file_id text NOT NULL REFERENCES statement_file,
    number integer NOT NULL,
    amount bigint NOT NULL,
    charges bigint NOT NULL,
    reference text NOT NULL,
    bank_reference text NOT NULL,
    booked_on date NOT NULL,
    value_on date NOT NULL,
    returned text NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (file_id, number)
);

CREATE INDEX statement_line_reference ON statement_line (reference);

CREATE TABLE statement_match (
    reference text NOT NULL,
    way text NOT NULL CONSTRAINT statement_match_way CHECK (way IN ('in', 'out')),
    file_id text NOT NULL,
    number integer NOT NULL,
    rule text NOT NULL CONSTRAINT statement_match_rule
        CHECK (rule IN ('reference', 'decided', 'late', 'return')),
    amount bigint NOT NULL,
    stood_in integer NOT NULL,
    matched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (reference, way),
    CONSTRAINT statement_match_line
        FOREIGN KEY (file_id, number) REFERENCES statement_line (file_id, number)
);

CREATE INDEX statement_match_by_line ON statement_match (file_id, number);

CREATE TABLE reconciliation_break (
    id text PRIMARY KEY,
    bank text NOT NULL,
    currency text NOT NULL,
    kind text NOT NULL CONSTRAINT reconciliation_break_kind
        CHECK (kind IN ('timing', 'cut_off', 'missing_ours', 'missing_theirs', 'amount',
                        'duplicate', 'fee', 'return', 'empty')),
    file_id text NOT NULL REFERENCES statement_file,
    number integer NOT NULL,
    reference text NOT NULL,
    subject text NOT NULL,
    ours bigint NOT NULL,
    theirs bigint NOT NULL,
    owner text NOT NULL DEFAULT '',
    opened_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text NOT NULL DEFAULT '',
    note text NOT NULL DEFAULT '',
    CONSTRAINT reconciliation_break_closed CHECK ((closed_at IS NULL) = (closed_by = ''))
);

CREATE INDEX reconciliation_break_open ON reconciliation_break (due_at) WHERE closed_at IS NULL;

CREATE INDEX reconciliation_break_reference ON reconciliation_break (reference);

CREATE INDEX reconciliation_break_file ON reconciliation_break (file_id);

-- What a statement should show: everything that a bank has confirmed since the one before.
CREATE INDEX bank_operation_confirmed ON bank_operation (bank, currency, updated_at)
    WHERE state = 'yes';

-- A bank can't have said something else afterwards.
CREATE TRIGGER statement_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_line
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER statement_match_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_match
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER statement_file_stays BEFORE DELETE OR TRUNCATE ON statement_file
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

CREATE TRIGGER reconciliation_break_stays BEFORE DELETE OR TRUNCATE ON reconciliation_break
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

GRANT SELECT, INSERT ON statement_notice, statement_file, statement_line, statement_match, reconciliation_break
    TO danbao_app;

GRANT UPDATE (read_at) ON statement_notice TO danbao_app;

GRANT UPDATE (matched_upto, finished_at) ON statement_file TO danbao_app;

GRANT UPDATE (kind, owner, due_at, closed_at, closed_by, note) ON reconciliation_break
    TO danbao_app;
