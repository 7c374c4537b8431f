-- When the person behind a web session last proved who they are: what matters asks for that again.
ALTER TABLE app.web_sessions ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE app.web_sessions ADD COLUMN proved_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE app.web_sessions ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE app.web_sessions ADD COLUMN agent text NOT NULL DEFAULT '';
GRANT UPDATE (proved_at), DELETE ON app.web_sessions TO synsc_app;

CREATE TABLE app.passkeys (
  id text PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app.users ON DELETE CASCADE,
  name text NOT NULL,
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  transports text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz
);
CREATE INDEX passkeys_user ON app.passkeys (user_id);
ALTER TABLE app.passkeys ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.passkeys FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON app.passkeys TO synsc_app
  USING (user_id = (SELECT auth.uid())) WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY authn ON app.passkeys TO synsc_authn USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON app.passkeys TO synsc_app;
GRANT SELECT, UPDATE (counter, last_used_at) ON app.passkeys TO synsc_authn;
GRANT UPDATE (password) ON app.users TO synsc_authn;

-- What a passkey is asked to sign: each is good once, for a few minutes.
CREATE TABLE priv.challenges (
  hash bytea PRIMARY KEY,
  user_id uuid,
  expires_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON priv.challenges TO synsc_authn;

GRANT CREATE ON SCHEMA auth TO synsc_authn;
SET LOCAL ROLE synsc_authn;

DROP FUNCTION auth.web_user(bytea);
CREATE FUNCTION auth.web_user(p_hash bytea)
RETURNS TABLE (id uuid, email text, proved_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.id, u.email, s.proved_at FROM app.web_sessions s JOIN app.users u ON u.id = s.user_id
  WHERE s.hash = p_hash AND s.expires_at > clock_timestamp();
$$;

CREATE FUNCTION auth.own_password()
RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.password FROM app.users u WHERE u.id = auth.uid();
$$;

CREATE FUNCTION auth.set_password(p_password text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE app.users u SET password = p_password WHERE u.id = auth.uid();
$$;

-- False while 10,000 are open: anybody may ask for one.
CREATE FUNCTION auth.add_challenge(p_hash bytea, p_seconds integer)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM priv.challenges c WHERE c.expires_at < clock_timestamp();
  IF (SELECT count(*) FROM priv.challenges) >= 10000 THEN RETURN false; END IF;
  INSERT INTO priv.challenges (hash, user_id, expires_at)
  VALUES (p_hash, auth.uid(), clock_timestamp() + make_interval(secs => p_seconds));
  RETURN true;
END $$;

CREATE FUNCTION auth.take_challenge(p_hash bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM priv.challenges c WHERE c.hash = p_hash AND c.expires_at > clock_timestamp()
    AND c.user_id IS NOT DISTINCT FROM auth.uid();
  RETURN FOUND;
END $$;

CREATE FUNCTION auth.passkey(p_id text)
RETURNS TABLE (user_id uuid, email text, public_key bytea, counter bigint, transports text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.id, u.email, k.public_key, k.counter, k.transports
  FROM app.passkeys k JOIN app.users u ON u.id = k.user_id WHERE k.id = p_id;
$$;

CREATE FUNCTION auth.use_passkey(p_id text, p_counter bigint)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE app.passkeys k SET counter = p_counter, last_used_at = clock_timestamp() WHERE k.id = p_id;
$$;

-- Counts a try before it is made, so that parallel tries cannot pass a limit together. Each subject
-- has a limit of its own; together they fill three arrays of one length.
CREATE FUNCTION auth.reserve_tries(p_tag uuid, p_keys text[], p_limits integer[], p_seconds integer[])
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  s record;
BEGIN
  DELETE FROM priv.tries t WHERE t.at < clock_timestamp() - interval '1 hour';
  FOR s IN SELECT * FROM unnest(p_keys, p_limits, p_seconds) AS u(key, most, seconds) ORDER BY u.key LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(s.key, 0));
    IF (SELECT count(*) FROM priv.tries t WHERE t.key = s.key
        AND t.at > clock_timestamp() - make_interval(secs => s.seconds)) >= s.most THEN
      RETURN false;
    END IF;
  END LOOP;
  INSERT INTO priv.tries (tag, key) SELECT DISTINCT p_tag, unnest(p_keys);
  RETURN true;
END $$;
DROP FUNCTION auth.reserve_try(uuid, text[], integer, integer);

REVOKE EXECUTE ON FUNCTION
  auth.web_user(bytea), auth.own_password(), auth.set_password(text),
  auth.add_challenge(bytea, integer), auth.take_challenge(bytea),
  auth.passkey(text), auth.use_passkey(text, bigint),
  auth.reserve_tries(uuid, text[], integer[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  auth.web_user(bytea), auth.own_password(), auth.set_password(text),
  auth.add_challenge(bytea, integer), auth.take_challenge(bytea),
  auth.passkey(text), auth.use_passkey(text, bigint),
  auth.reserve_tries(uuid, text[], integer[], integer[]) TO synsc_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA auth FROM synsc_authn;
