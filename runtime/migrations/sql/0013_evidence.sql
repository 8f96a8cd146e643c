CREATE TABLE evidence (
    id text PRIMARY KEY,
    escrow_id text NOT NULL REFERENCES escrow,
    no integer NOT NULL CONSTRAINT evidence_no_positive CHECK (no > 0),
    dispute integer NOT NULL CONSTRAINT evidence_dispute CHECK (dispute > 0),
    by text NOT NULL CONSTRAINT evidence_by CHECK (by IN ('buyer', 'merchant', 'operator')),
    kind text NOT NULL CONSTRAINT evidence_kind CHECK (kind IN ('statement', 'file')),
    text text,
    filename text,
    media_type text NOT NULL,
    size bigint NOT NULL CONSTRAINT evidence_size CHECK (size > 0),
    digest text NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT evidence_no UNIQUE (escrow_id, no),
    CONSTRAINT evidence_content CHECK (
        (kind = 'statement' OR text IS NULL) AND (kind = 'file' OR filename IS NULL)
    ),
    CONSTRAINT evidence_digests CHECK (
        digest ~ '^[0-9a-f]{64}$' AND prev ~ '^[0-9a-f]{64}$' AND hash ~ '^[0-9a-f]{64}$'
    )
);

-- Gives a new entry its place behind the last one. The purchase's row is locked, so that there is
-- one last one. api/evidence/chain.py makes the same hash.
CREATE FUNCTION evidence_chained() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last record;
BEGIN
    PERFORM FROM escrow WHERE id = NEW.escrow_id FOR NO KEY UPDATE;
    SELECT no, hash INTO last FROM evidence
    WHERE escrow_id = NEW.escrow_id ORDER BY no DESC LIMIT 1;
    NEW.no := coalesce(last.no, 0) + 1;
    NEW.prev := coalesce(last.hash, repeat('0', 64));
    NEW.at := clock_timestamp();
    NEW.hash := encode(sha256(convert_to(concat_ws(
        E'\n', NEW.prev, NEW.id, NEW.escrow_id, NEW.no, NEW.dispute, NEW."by", NEW.kind,
        NEW.media_type, NEW.size, NEW.digest,
        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    ), 'UTF8')), 'hex');
    RETURN NEW;
END $$;

CREATE TRIGGER evidence_chained BEFORE INSERT ON evidence
    FOR EACH ROW EXECUTE FUNCTION evidence_chained();

-- What a buyer wants forgotten: the words and the name of a file, by the owner. Nothing else.
CREATE FUNCTION evidence_only_forgotten() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.text IS NOT NULL OR NEW.filename IS NOT NULL
        OR to_jsonb(NEW) - ARRAY['text', 'filename'] <> to_jsonb(OLD) - ARRAY['text', 'filename']
    THEN
        RAISE EXCEPTION 'evidence is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER evidence_only_forgotten BEFORE UPDATE ON evidence
    FOR EACH ROW EXECUTE FUNCTION evidence_only_forgotten();

CREATE TRIGGER evidence_append_only BEFORE DELETE OR TRUNCATE ON evidence
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

REVOKE EXECUTE ON FUNCTION evidence_chained, evidence_only_forgotten FROM PUBLIC;

GRANT SELECT ON evidence TO danbao_app;

GRANT INSERT (
    id, escrow_id, dispute, by, kind, text, filename, media_type, size, digest
) ON evidence TO danbao_app;
