CREATE TABLE escrow (
    id text PRIMARY KEY,
    merchant_id text NOT NULL,
    order_id text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    funding text NOT NULL,
    terms jsonb NOT NULL,
    version integer NOT NULL,
    stage text NOT NULL,
    dispute text NOT NULL,
    status text NOT NULL,
    funded bigint NOT NULL,
    held bigint NOT NULL,
    disputed bigint NOT NULL,
    released bigint NOT NULL,
    refunded bigint NOT NULL,
    authorised bigint NOT NULL,
    "returning" bigint NOT NULL,
    bank text NOT NULL,
    method text NOT NULL,
    attempt integer NOT NULL,
    payment text NOT NULL,
    declined text NOT NULL,
    deadline timestamptz,
    capture_before timestamptz,
    dispute_deadline timestamptz,
    review text NOT NULL,
    told integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    CONSTRAINT escrow_amount CHECK (amount > 0),
    CONSTRAINT escrow_funding CHECK (funding IN ('deduct', 'freeze')),
    CONSTRAINT escrow_positive CHECK (
        least(funded, held, disputed, released, refunded, authorised, "returning") >= 0
    ),
    CONSTRAINT escrow_adds_up CHECK (funded = held + disputed + released + refunded),
    CONSTRAINT escrow_ends_empty CHECK (
        stage NOT IN ('completed', 'refunded', 'closed')
        OR held = 0 AND disputed = 0 AND authorised = 0
    )
) WITH (fillfactor = 70);

CREATE INDEX escrow_merchant ON escrow (merchant_id, id);

CREATE INDEX escrow_order ON escrow (merchant_id, order_id);

CREATE INDEX escrow_unstarted ON escrow (created_at) WHERE started_at IS NULL;

-- `previous` points at the number before: neither transitions nor events can have gaps.
CREATE TABLE transition (
    escrow_id text NOT NULL,
    sequence integer NOT NULL,
    previous integer GENERATED ALWAYS AS (nullif(sequence - 1, 0)) STORED,
    name text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    detail jsonb NOT NULL,
    hash bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (escrow_id, sequence),
    CONSTRAINT transition_escrow FOREIGN KEY (escrow_id) REFERENCES escrow (id),
    CONSTRAINT transition_gapless FOREIGN KEY (escrow_id, previous)
        REFERENCES transition (escrow_id, sequence),
    CONSTRAINT transition_sequence CHECK (sequence > 0)
);

-- The row never stands at a step that was not recorded. Deferred, because the first step points
-- back at the row.
ALTER TABLE escrow ADD CONSTRAINT escrow_version FOREIGN KEY (id, version)
    REFERENCES transition (escrow_id, sequence) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE event (
    id text PRIMARY KEY,
    escrow_id text NOT NULL,
    sequence integer NOT NULL,
    previous integer GENERATED ALWAYS AS (nullif(sequence - 1, 0)) STORED,
    transition integer NOT NULL,
    type text NOT NULL,
    body jsonb NOT NULL,
    at timestamptz NOT NULL,
    position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT event_sequence UNIQUE (escrow_id, sequence),
    CONSTRAINT event_position UNIQUE (position),
    CONSTRAINT event_transition FOREIGN KEY (escrow_id, transition)
        REFERENCES transition (escrow_id, sequence),
    CONSTRAINT event_gapless FOREIGN KEY (escrow_id, previous)
        REFERENCES event (escrow_id, sequence),
    CONSTRAINT event_positive CHECK (sequence > 0)
);
