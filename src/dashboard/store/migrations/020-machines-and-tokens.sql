-- A machine signs in once. Its refresh tokens follow one another, and each buys access tokens of an
-- hour. What an older version had issued for 30 days ends here: those machines sign in again.
ALTER TABLE app.tokens RENAME TO machines;
ALTER INDEX app.tokens_user RENAME TO machines_user;
ALTER TABLE app.machines DROP COLUMN hash;
ALTER TABLE app.machines ADD COLUMN host text NOT NULL DEFAULT '';
ALTER TABLE app.machines ADD COLUMN os_user text NOT NULL DEFAULT '';
-- 'automation': a token that a person made for CI, which is not rotated and has a fixed end
ALTER TABLE app.machines ADD COLUMN kind text NOT NULL DEFAULT 'machine'
  CHECK (kind IN ('machine', 'automation'));
ALTER TABLE app.machines ADD COLUMN ended_by text NOT NULL DEFAULT '';
ALTER TABLE app.machines ALTER COLUMN grant_id DROP NOT NULL;
CREATE INDEX machines_grant ON app.machines (grant_id);

CREATE TABLE app.refresh_tokens (
  hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app.users ON DELETE CASCADE,
  machine_id uuid NOT NULL REFERENCES app.machines ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  -- when it was exchanged, and the hash of the key under which the same client may ask again
  used_at timestamptz,
  retry_hash bytea
);
CREATE INDEX refresh_tokens_machine ON app.refresh_tokens (machine_id);
CREATE TABLE app.access_tokens (
  hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app.users ON DELETE CASCADE,
  machine_id uuid NOT NULL REFERENCES app.machines ON DELETE CASCADE,
  scope text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX access_tokens_machine ON app.access_tokens (machine_id);
CREATE INDEX access_tokens_end ON app.access_tokens (expires_at);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['refresh_tokens', 'access_tokens'] LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON app.%I TO synsc_app USING (user_id = (SELECT auth.uid())) '
                   'WITH CHECK (user_id = (SELECT auth.uid()))', name);
    EXECUTE format('CREATE POLICY authn ON app.%I TO synsc_authn USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.refresh_tokens, app.access_tokens TO synsc_authn;
GRANT SELECT (host, os_user, kind, ended_by),
  UPDATE (revoked_at, ended_by) ON app.machines TO synsc_app;

ALTER TABLE app.device_grants ADD COLUMN host text NOT NULL DEFAULT '';
ALTER TABLE app.device_grants ADD COLUMN os_user text NOT NULL DEFAULT '';
ALTER TABLE app.device_grants ADD COLUMN redeemed_at timestamptz;

GRANT CREATE ON SCHEMA auth, priv TO synsc_authn;
SET LOCAL ROLE synsc_authn;
UPDATE app.machines SET revoked_at = clock_timestamp(), ended_by = 'sign in again' WHERE revoked_at IS NULL;

DROP FUNCTION auth.request_device(bytea, text, text, text, text, text, integer, integer);
DROP FUNCTION auth.redeem_device(bytea, text, uuid, bytea, integer);
DROP FUNCTION auth.token(bytea);
DROP FUNCTION auth.revoke_token(bytea, text);

-- False when 1000 requests wait already, which keeps the chance of guessing a live code small, or 200
-- from this address, so that no single one can take all places.
CREATE FUNCTION auth.request_device(p_hash bytea, p_user_code text, p_client text, p_scope text,
  p_name text, p_host text, p_os_user text, p_address text, p_seconds integer,
  p_interval integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  waiting record;
BEGIN
  DELETE FROM app.device_grants d WHERE d.expires_at < clock_timestamp() - interval '1 day';
  SELECT count(*) AS every, count(*) FILTER (WHERE d.address = p_address) AS here INTO waiting
  FROM app.device_grants d WHERE d.status = 'pending' AND d.expires_at > clock_timestamp();
  IF waiting.every >= 1000 OR waiting.here >= 200 THEN RETURN false; END IF;
  INSERT INTO app.device_grants (device_hash, user_code, client, scope, device_name, host, os_user,
    address, expires_at, poll_interval)
  VALUES (p_hash, p_user_code, p_client, p_scope, p_name, p_host, p_os_user, p_address,
    clock_timestamp() + make_interval(secs => p_seconds), p_interval);
  PERFORM auth.note(NULL, 'device.request', p_name, 'ok', p_address);
  RETURN true;
END $$;

CREATE FUNCTION priv.end_machine(p_machine uuid, p_why text, p_action text, p_outcome text, p_address text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  m app.machines;
BEGIN
  UPDATE app.machines k SET revoked_at = clock_timestamp(), ended_by = p_why
  WHERE k.id = p_machine AND k.revoked_at IS NULL RETURNING k.* INTO m;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM auth.note(m.user_id, p_action, m.name, p_outcome, p_address);
END $$;

CREATE FUNCTION priv.issue(p_user uuid, p_machine uuid, p_scope text, p_access bytea, p_seconds integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  -- kept for a while: who holds one is told whether it has expired or was revoked
  DELETE FROM app.access_tokens a WHERE a.expires_at < clock_timestamp() - interval '2 hours';
  INSERT INTO app.access_tokens (hash, user_id, machine_id, scope, expires_at)
  VALUES (p_access, p_user, p_machine, p_scope, clock_timestamp() + make_interval(secs => p_seconds));
END $$;

-- RFC 8628 section 3.5. Every outcome is kept: the answer is a value, never an exception.
CREATE FUNCTION auth.redeem_device(p_hash bytea, p_client text, p_address text, p_machine uuid,
  p_access bytea, p_access_seconds integer, p_refresh bytea, p_refresh_seconds integer)
RETURNS TABLE (outcome text, scope text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  g app.device_grants;
  moment timestamptz;
BEGIN
  scope := '';
  outcome := 'invalid_grant';
  SELECT * INTO g FROM app.device_grants d
  WHERE d.device_hash = p_hash AND d.client = p_client FOR UPDATE;
  IF NOT FOUND THEN RETURN NEXT; RETURN; END IF;
  moment := clock_timestamp();
  IF g.redeemed THEN
    -- Polls of one client may overlap; after some intervals somebody else holds the code as well.
    IF moment > g.redeemed_at + make_interval(secs => g.poll_interval * 6) THEN
      PERFORM priv.end_machine(m.id, 'its code was used twice', 'token.reuse', 'machine signed out', p_address)
      FROM app.machines m WHERE m.grant_id = g.id;
    END IF;
    RETURN NEXT; RETURN;
  END IF;
  outcome := CASE
    WHEN g.expires_at <= moment THEN 'expired_token'
    WHEN g.status = 'denied' THEN 'access_denied'
    -- 250 ms for clients whose timers are a little early.
    WHEN moment < g.last_poll + make_interval(secs => g.poll_interval - 0.25) THEN 'slow_down'
    WHEN g.status = 'pending' THEN 'authorization_pending'
    ELSE 'ok' END;
  IF outcome IN ('slow_down', 'authorization_pending') THEN
    UPDATE app.device_grants d SET last_poll = moment, poll_interval =
      CASE outcome WHEN 'slow_down' THEN least(g.poll_interval + 5, 60) ELSE g.poll_interval END
    WHERE d.id = g.id;
  END IF;
  IF outcome <> 'ok' THEN RETURN NEXT; RETURN; END IF;
  scope := g.scope;
  UPDATE app.device_grants d SET redeemed = true, redeemed_at = moment WHERE d.id = g.id;
  INSERT INTO app.machines (id, user_id, grant_id, name, host, os_user, address, scope, expires_at)
  VALUES (p_machine, g.user_id, g.id, g.device_name, g.host, g.os_user, g.address, g.scope,
    moment + make_interval(secs => p_refresh_seconds));
  INSERT INTO app.refresh_tokens (hash, user_id, machine_id, expires_at)
  VALUES (p_refresh, g.user_id, p_machine, moment + make_interval(secs => p_refresh_seconds));
  PERFORM priv.issue(g.user_id, p_machine, g.scope, p_access, p_access_seconds);
  PERFORM auth.note(g.user_id, 'token.issue', g.device_name, 'ok', p_address);
  RETURN NEXT;
END $$;

-- RFC 6749 section 6 with rotation (RFC 9700 section 4.14.2): a refresh token that comes a second time
-- ends the sign-in of its machine. The one exception is the client that never saw its answer: it asks
-- again with the same retry key, for the same successor, which nobody has used yet.
CREATE FUNCTION auth.refresh(p_hash bytea, p_retry bytea, p_scope text, p_address text,
  p_access bytea, p_access_seconds integer, p_refresh bytea, p_refresh_seconds integer)
RETURNS TABLE (outcome text, scope text, rotated boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  t app.refresh_tokens;
  m app.machines;
  moment timestamptz;
BEGIN
  outcome := 'invalid_grant';
  scope := '';
  rotated := true;
  SELECT * INTO t FROM app.refresh_tokens r WHERE r.hash = p_hash FOR UPDATE;
  IF NOT FOUND THEN RETURN NEXT; RETURN; END IF;
  SELECT * INTO m FROM app.machines k WHERE k.id = t.machine_id FOR UPDATE;
  moment := clock_timestamp();
  IF m.revoked_at IS NOT NULL OR t.expires_at <= moment THEN RETURN NEXT; RETURN; END IF;
  scope := coalesce(p_scope, m.scope);
  IF NOT string_to_array(scope, ' ') <@ string_to_array(m.scope, ' ') THEN
    outcome := 'invalid_scope';
    RETURN NEXT; RETURN;
  END IF;
  IF m.kind = 'automation' THEN
    rotated := false;
  ELSIF t.used_at IS NULL THEN
    UPDATE app.refresh_tokens r SET used_at = moment, retry_hash = p_retry WHERE r.hash = p_hash;
    INSERT INTO app.refresh_tokens (hash, user_id, machine_id, expires_at)
    VALUES (p_refresh, t.user_id, m.id, moment + make_interval(secs => p_refresh_seconds));
    DELETE FROM app.refresh_tokens r WHERE r.machine_id = m.id AND r.expires_at < moment;
    UPDATE app.machines k SET expires_at = moment + make_interval(secs => p_refresh_seconds) WHERE k.id = m.id;
  ELSIF t.retry_hash IS DISTINCT FROM p_retry OR p_retry IS NULL OR NOT EXISTS (
      SELECT FROM app.refresh_tokens r WHERE r.hash = p_refresh AND r.used_at IS NULL) THEN
    PERFORM priv.end_machine(m.id, 'its refresh token was used twice', 'token.reuse', 'machine signed out', p_address);
    RETURN NEXT; RETURN;
  END IF;
  UPDATE app.machines k SET last_used_at = moment, address = p_address WHERE k.id = m.id;
  PERFORM priv.issue(t.user_id, m.id, scope, p_access, p_access_seconds);
  PERFORM auth.note(t.user_id, 'token.refresh', m.name, 'ok', p_address);
  outcome := 'ok';
  RETURN NEXT;
END $$;

CREATE FUNCTION auth.token(p_hash bytea)
RETURNS TABLE (id uuid, email text, scope text, name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE app.machines m SET last_used_at = clock_timestamp() FROM app.access_tokens a
  WHERE a.hash = p_hash AND m.id = a.machine_id AND m.revoked_at IS NULL
    AND (m.last_used_at IS NULL OR m.last_used_at < clock_timestamp() - interval '1 minute');
  RETURN QUERY
    SELECT u.id, u.email, a.scope, m.name FROM app.access_tokens a
    JOIN app.machines m ON m.id = a.machine_id JOIN app.users u ON u.id = a.user_id
    WHERE a.hash = p_hash AND m.revoked_at IS NULL AND a.expires_at > clock_timestamp();
END $$;

-- 'live', 'expired' (its machine is still signed in), or 'revoked', as everything that is not known.
CREATE FUNCTION auth.token_state(p_hash bytea)
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT coalesce((SELECT CASE
      WHEN m.revoked_at IS NOT NULL THEN 'revoked'
      WHEN a.expires_at > clock_timestamp() THEN 'live'
      ELSE 'expired' END
    FROM app.access_tokens a JOIN app.machines m ON m.id = a.machine_id WHERE a.hash = p_hash), 'revoked');
$$;

-- RFC 7009: either token ends the sign-in that it belongs to, a used refresh token too.
CREATE FUNCTION auth.revoke_token(p_hash bytea, p_address text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT priv.end_machine(t.machine_id, 'from that machine', 'token.revoke', 'ok', p_address) FROM (
    SELECT r.machine_id FROM app.refresh_tokens r WHERE r.hash = p_hash
    UNION ALL SELECT a.machine_id FROM app.access_tokens a WHERE a.hash = p_hash) t;
$$;

-- A token for CI, of the signed-in user.
CREATE FUNCTION auth.add_automation(p_machine uuid, p_name text, p_scope text, p_refresh bytea,
  p_seconds integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  me uuid := auth.uid();
  ends timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
BEGIN
  INSERT INTO app.machines (id, user_id, kind, name, address, scope, expires_at)
  VALUES (p_machine, me, 'automation', p_name, '', p_scope, ends);
  INSERT INTO app.refresh_tokens (hash, user_id, machine_id, expires_at)
  VALUES (p_refresh, me, p_machine, ends);
  PERFORM auth.note(me, 'token.issue', p_name, 'for CI', '');
END $$;

-- Called by the functions above alone.
REVOKE EXECUTE ON FUNCTION priv.end_machine(uuid, text, text, text, text),
  priv.issue(uuid, uuid, text, bytea, integer) FROM PUBLIC;
-- Called by the dashboard.
REVOKE EXECUTE ON FUNCTION
  auth.request_device(bytea, text, text, text, text, text, text, text, integer, integer),
  auth.redeem_device(bytea, text, text, uuid, bytea, integer, bytea, integer),
  auth.refresh(bytea, bytea, text, text, bytea, integer, bytea, integer),
  auth.token(bytea), auth.token_state(bytea), auth.revoke_token(bytea, text),
  auth.add_automation(uuid, text, text, bytea, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  auth.request_device(bytea, text, text, text, text, text, text, text, integer, integer),
  auth.redeem_device(bytea, text, text, uuid, bytea, integer, bytea, integer),
  auth.refresh(bytea, bytea, text, text, bytea, integer, bytea, integer),
  auth.token(bytea), auth.token_state(bytea), auth.revoke_token(bytea, text),
  auth.add_automation(uuid, text, text, bytea, integer) TO synsc_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA auth, priv FROM synsc_authn;
