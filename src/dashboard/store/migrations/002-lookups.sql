-- What happens before a user is known. Each function takes a hash or an address and gives one narrow answer.
GRANT CREATE ON SCHEMA auth TO synsc_authn;
GRANT EXECUTE ON FUNCTION auth.uid() TO synsc_authn;
SET LOCAL ROLE synsc_authn;

CREATE FUNCTION auth.note(p_user uuid, p_action text, p_target text, p_outcome text, p_address text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO app.audit (user_id, action, target, outcome, address)
  VALUES (p_user, p_action, p_target, p_outcome, p_address);
$$;

CREATE FUNCTION auth.sign_up(p_id uuid, p_email text, p_password text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO app.users (id, email, password) VALUES (p_id, p_email, p_password);
$$;

CREATE FUNCTION auth.user_by_email(p_email text)
RETURNS TABLE (id uuid, email text, password text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.id, u.email, u.password FROM app.users u WHERE u.email = p_email;
$$;

CREATE FUNCTION auth.web_user(p_hash bytea)
RETURNS TABLE (id uuid, email text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.id, u.email FROM app.web_sessions s JOIN app.users u ON u.id = s.user_id
  WHERE s.hash = p_hash AND s.expires_at > clock_timestamp();
$$;

CREATE FUNCTION auth.close_web_session(p_hash bytea)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  DELETE FROM app.web_sessions s WHERE s.hash = p_hash OR s.expires_at < clock_timestamp();
$$;

-- Counts a try before it is made, so that parallel tries cannot pass the limit together.
CREATE FUNCTION auth.reserve_try(p_tag uuid, p_keys text[], p_limit integer, p_seconds integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  since timestamptz := clock_timestamp() - make_interval(secs => p_seconds);
  k text;
BEGIN
  FOR k IN SELECT DISTINCT unnest(p_keys) ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(k, 0));
    IF (SELECT count(*) FROM priv.tries t WHERE t.key = k AND t.at > since) >= p_limit THEN
      RETURN false;
    END IF;
  END LOOP;
  DELETE FROM priv.tries t WHERE t.at < since;
  INSERT INTO priv.tries (tag, key) SELECT DISTINCT p_tag, unnest(p_keys);
  RETURN true;
END $$;

CREATE FUNCTION auth.forgive_try(p_tag uuid)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  DELETE FROM priv.tries t WHERE t.tag = p_tag;
$$;

-- False when 1000 requests wait already, which keeps the chance of guessing a live code small.
CREATE FUNCTION auth.request_device(p_hash bytea, p_user_code text, p_client text, p_scope text,
  p_name text, p_address text, p_seconds integer, p_interval integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM app.device_grants d WHERE d.expires_at < clock_timestamp() - interval '1 day';
  IF (SELECT count(*) FROM app.device_grants d
      WHERE d.status = 'pending' AND d.expires_at > clock_timestamp()) >= 1000 THEN
    RETURN false;
  END IF;
  INSERT INTO app.device_grants
    (device_hash, user_code, client, scope, device_name, address, expires_at, poll_interval)
  VALUES (p_hash, p_user_code, p_client, p_scope, p_name, p_address,
          clock_timestamp() + make_interval(secs => p_seconds), p_interval);
  PERFORM auth.note(NULL, 'device.request', p_name, 'ok', p_address);
  RETURN true;
END $$;

-- Binds a waiting request to the web session of the user who typed its code.
CREATE FUNCTION auth.claim_code(p_user_code text, p_session bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  me uuid := auth.uid();
BEGIN
  IF NOT EXISTS (SELECT FROM app.web_sessions s WHERE s.hash = p_session AND s.user_id = me) THEN
    RETURN false;
  END IF;
  UPDATE app.device_grants d SET user_id = me, web_session = p_session
  WHERE d.user_code = p_user_code AND d.status = 'pending' AND d.expires_at > clock_timestamp()
    AND (d.user_id IS NULL OR d.user_id = me);
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE app.device_grants d SET user_id = NULL, web_session = NULL
  WHERE d.web_session = p_session AND d.status = 'pending' AND d.user_code <> p_user_code;
  RETURN true;
END $$;

-- RFC 8628 section 3.5. Every outcome is kept: the answer is a value, never an exception.
CREATE FUNCTION auth.redeem_device(p_hash bytea, p_client text, p_token uuid, p_token_hash bytea,
  p_seconds integer)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  g app.device_grants;
  moment timestamptz;
BEGIN
  SELECT * INTO g FROM app.device_grants d
  WHERE d.device_hash = p_hash AND d.client = p_client FOR UPDATE;
  IF NOT FOUND THEN RETURN 'invalid_grant'; END IF;
  moment := clock_timestamp();
  IF g.redeemed THEN
    UPDATE app.tokens t SET revoked_at = moment WHERE t.grant_id = g.id AND t.revoked_at IS NULL;
    PERFORM auth.note(g.user_id, 'token.revoke', g.device_name, 'code used twice', g.address);
    RETURN 'invalid_grant';
  END IF;
  IF g.expires_at <= moment THEN RETURN 'expired_token'; END IF;
  IF g.status = 'denied' THEN RETURN 'access_denied'; END IF;
  -- 250 ms for clients whose timers are a little early.
  IF moment < g.last_poll + make_interval(secs => g.poll_interval - 0.25) THEN
    UPDATE app.device_grants d SET last_poll = moment, poll_interval = least(g.poll_interval + 5, 60)
    WHERE d.id = g.id;
    RETURN 'slow_down';
  END IF;
  IF g.status = 'pending' THEN
    UPDATE app.device_grants d SET last_poll = moment WHERE d.id = g.id;
    RETURN 'authorization_pending';
  END IF;
  UPDATE app.device_grants d SET redeemed = true WHERE d.id = g.id;
  INSERT INTO app.tokens (id, user_id, hash, grant_id, name, address, scope, expires_at)
  VALUES (p_token, g.user_id, p_token_hash, g.id, g.device_name, g.address, g.scope,
          moment + make_interval(secs => p_seconds));
  PERFORM auth.note(g.user_id, 'token.issue', g.device_name, 'ok', g.address);
  RETURN 'ok';
END $$;

CREATE FUNCTION auth.token(p_hash bytea)
RETURNS TABLE (id uuid, email text, scope text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE app.tokens t SET last_used_at = clock_timestamp()
  WHERE t.hash = p_hash AND t.revoked_at IS NULL
    AND (t.last_used_at IS NULL OR t.last_used_at < clock_timestamp() - interval '1 minute');
  RETURN QUERY
    SELECT u.id, u.email, t.scope FROM app.tokens t JOIN app.users u ON u.id = t.user_id
    WHERE t.hash = p_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp();
END $$;

CREATE FUNCTION auth.revoke_token(p_hash bytea, p_address text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  t app.tokens;
BEGIN
  UPDATE app.tokens k SET revoked_at = clock_timestamp()
  WHERE k.hash = p_hash AND k.revoked_at IS NULL RETURNING k.* INTO t;
  IF FOUND THEN PERFORM auth.note(t.user_id, 'token.revoke', t.name, 'ok', p_address); END IF;
END $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA auth FROM synsc_authn;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA auth FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA auth TO synsc_app, synsc_authn;
