-- Roles, all without a login. synsc_gate: the dashboard before it knows the user; calls functions of
-- schema auth, reaches no table. synsc_keeper: sees all rows, for backup and for checking the trail;
-- only the owner of the schema may take it.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['synsc_gate', 'synsc_keeper'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    EXECUTE format('GRANT %I TO CURRENT_USER', name);
  END LOOP;
END $$;

-- The last link of each chain: one chain a user, and the nil id for what belongs to nobody.
CREATE TABLE priv.audit_heads (
  chain uuid PRIMARY KEY,
  seq bigint NOT NULL,
  hash bytea NOT NULL
);

ALTER TABLE app.audit
  ADD agent text NOT NULL DEFAULT '',
  ADD chain uuid,
  ADD seq bigint,
  ADD previous bytea,
  ADD hash bytea;

-- SHA-256 of the previous hash and of the row, each value as "<bytes>:<text>" and a null as "-".
CREATE FUNCTION auth.audit_hash(r app.audit) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  row_text text := '';
  v text;
BEGIN
  FOREACH v IN ARRAY ARRAY[r.chain::text, r.seq::text,
      to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      r.user_id::text, r.action, r.target, r.outcome, r.address, r.agent] LOOP
    row_text := row_text || ',' || coalesce(octet_length(v) || ':' || v, '-');
  END LOOP;
  RETURN sha256(r.previous || convert_to(substr(row_text, 2), 'UTF8'));
END $$;

-- Links a row to its chain. Where it names no address, it gets that of the running request. Rows of
-- one chain wait for each other, those of different users do not.
CREATE FUNCTION auth.chain_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  origin jsonb := convert_from(decode(coalesce(nullif(current_setting('synsc.origin', true), ''), 'W10='), 'base64'), 'UTF8');
BEGIN
  NEW.address := coalesce(nullif(NEW.address, ''), origin->>0, '');
  NEW.agent := coalesce(origin->>1, '');
  NEW.chain := coalesce(NEW.user_id, '00000000-0000-0000-0000-000000000000');
  SELECT h.seq + 1, h.hash INTO NEW.seq, NEW.previous
    FROM priv.audit_heads h WHERE h.chain = NEW.chain FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO priv.audit_heads AS h (chain, seq, hash) VALUES (NEW.chain, 0, sha256(''))
      ON CONFLICT ON CONSTRAINT audit_heads_pkey DO NOTHING;
    SELECT h.seq + 1, h.hash INTO NEW.seq, NEW.previous
      FROM priv.audit_heads h WHERE h.chain = NEW.chain FOR UPDATE;
  END IF;
  NEW.at := clock_timestamp();
  NEW.hash := auth.audit_hash(NEW);
  UPDATE priv.audit_heads h SET seq = NEW.seq, hash = NEW.hash WHERE h.chain = NEW.chain;
  RETURN NEW;
END $$;

CREATE FUNCTION auth.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = '42501';
END $$;

-- Rows from before the chain are linked in their order.
ALTER TABLE app.audit NO FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
  r app.audit;
  head priv.audit_heads;
BEGIN
  FOR r IN SELECT * FROM app.audit ORDER BY id LOOP
    r.chain := coalesce(r.user_id, '00000000-0000-0000-0000-000000000000');
    SELECT * INTO head FROM priv.audit_heads h WHERE h.chain = r.chain;
    r.seq := coalesce(head.seq, 0) + 1;
    r.previous := coalesce(head.hash, sha256(''));
    r.hash := auth.audit_hash(r);
    UPDATE app.audit a SET chain = r.chain, seq = r.seq, previous = r.previous, hash = r.hash
      WHERE a.id = r.id;
    INSERT INTO priv.audit_heads VALUES (r.chain, r.seq, r.hash)
      ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;
  END LOOP;
END $$;
ALTER TABLE app.audit FORCE ROW LEVEL SECURITY;

ALTER TABLE app.audit
  ALTER chain SET NOT NULL, ALTER seq SET NOT NULL,
  ALTER previous SET NOT NULL, ALTER hash SET NOT NULL,
  ADD UNIQUE (chain, seq);
CREATE INDEX audit_syncs ON app.audit (user_id, id) WHERE action = 'sync';

-- A hash can only come with the row when the keeper restores a backup: nobody else may write it.
CREATE TRIGGER chain BEFORE INSERT ON app.audit FOR EACH ROW WHEN (NEW.hash IS NULL)
  EXECUTE FUNCTION auth.chain_audit();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON app.audit FOR EACH ROW
  EXECUTE FUNCTION auth.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON app.audit FOR EACH STATEMENT
  EXECUTE FUNCTION auth.refuse_change();

REVOKE ALL ON app.audit FROM synsc_app, synsc_authn;
GRANT SELECT ON app.audit TO synsc_app;
GRANT INSERT (user_id, action, target, outcome, address) ON app.audit TO synsc_app, synsc_authn;
