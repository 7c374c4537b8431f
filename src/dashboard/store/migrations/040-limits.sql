-- Counts a try before it is made, so that parallel tries cannot pass a limit together. Each subject
-- has a limit of its own; together they fill three arrays of one length. Answers how many seconds
-- there are to wait; 0: it was counted.
GRANT CREATE ON SCHEMA auth TO synsc_authn;
SET LOCAL ROLE synsc_authn;
CREATE FUNCTION auth.take_try(p_tag uuid, p_keys text[], p_limits integer[], p_seconds integer[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  s record;
  free_at timestamptz;
BEGIN
  DELETE FROM priv.tries t WHERE t.at < clock_timestamp() - interval '1 hour';
  FOR s IN SELECT * FROM unnest(p_keys, p_limits, p_seconds) AS u(key, most, seconds) ORDER BY u.key LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(s.key, 0));
    -- the oldest of those that fill the limit: when it is past, there is room for one
    SELECT t.at + make_interval(secs => s.seconds) INTO free_at FROM priv.tries t
    WHERE t.key = s.key ORDER BY t.at DESC OFFSET s.most - 1 LIMIT 1;
    IF free_at > clock_timestamp() THEN
      RETURN greatest(1, ceil(extract(epoch FROM free_at - clock_timestamp())));
    END IF;
  END LOOP;
  INSERT INTO priv.tries (tag, key) SELECT DISTINCT p_tag, unnest(p_keys);
  RETURN 0;
END $$;
DROP FUNCTION auth.reserve_tries(uuid, text[], integer[], integer[]);

-- Whether a code waits, and where it was asked for; claims nothing.
CREATE FUNCTION auth.waiting_code(p_user_code text)
RETURNS TABLE (address text) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT d.address FROM app.device_grants d
  WHERE d.user_code = p_user_code AND d.status = 'pending' AND d.expires_at > clock_timestamp();
$$;
RESET ROLE;
REVOKE CREATE ON SCHEMA auth FROM synsc_authn;
