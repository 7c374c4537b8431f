-- What each sync asks, made cheap. Statements are prepared on both databases by now, so that what was in
-- PL/pgSQL for its kept plan alone is a statement again.
DROP FUNCTION auth.sealed_fields();
DROP FUNCTION auth.add_audit(text, text, text, text);
GRANT CREATE ON SCHEMA auth TO synsc_authn;
SET LOCAL ROLE synsc_authn;

-- Those of the tokens that live, with their places in the list. One after the other: the look-ups by key
-- keep their plans whatever the sizes of the tables. A machine that is being changed is not waited for.
CREATE FUNCTION auth.tokens(p_hashes bytea[])
RETURNS TABLE (place integer, id uuid, email text, scope text, name text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  idle CONSTANT timestamptz := clock_timestamp() - interval '1 minute';
  used uuid[] := '{}';
  m record;
BEGIN
  FOR at IN 1 .. cardinality(p_hashes) LOOP
    SELECT u.id, u.email, a.scope, k.name, u.credentials_version AS version, k.id AS machine, k.last_used_at
    INTO m
    FROM app.access_tokens a JOIN app.machines k ON k.id = a.machine_id JOIN app.users u ON u.id = a.user_id
    WHERE a.hash = p_hashes[at] AND k.revoked_at IS NULL AND a.expires_at > clock_timestamp();
    CONTINUE WHEN NOT FOUND;
    IF m.last_used_at IS NULL OR m.last_used_at < idle THEN used := used || m.machine; END IF;
    place := at; id := m.id; email := m.email; scope := m.scope; name := m.name; version := m.version;
    RETURN NEXT;
  END LOOP;
  IF used <> '{}' THEN
    UPDATE app.machines k SET last_used_at = clock_timestamp()
    WHERE k.id IN (SELECT l.id FROM app.machines l WHERE l.id = ANY (used) FOR UPDATE SKIP LOCKED);
  END IF;
END $$;
DROP FUNCTION auth.token(bytea);
DROP FUNCTION auth.credentials_version(uuid);

RESET ROLE;
REVOKE CREATE ON SCHEMA auth FROM synsc_authn;

-- As before, in one expression.
CREATE OR REPLACE FUNCTION auth.audit_hash(r app.audit) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN sha256(r.previous || convert_to(concat_ws(',',
    coalesce(octet_length(r.chain::text) || ':' || r.chain, '-'),
    coalesce(octet_length(r.seq::text) || ':' || r.seq, '-'),
    '27:' || to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    coalesce(octet_length(r.user_id::text) || ':' || r.user_id, '-'),
    coalesce(octet_length(r.action) || ':' || r.action, '-'),
    coalesce(octet_length(r.target) || ':' || r.target, '-'),
    coalesce(octet_length(r.outcome) || ':' || r.outcome, '-'),
    coalesce(octet_length(r.address) || ':' || r.address, '-'),
    coalesce(octet_length(r.agent) || ':' || r.agent, '-')), 'UTF8'));
END $$;
