-- Counts up with each change of the account's credentials.
ALTER TABLE app.users ADD credentials_version bigint NOT NULL DEFAULT 0;
GRANT SELECT (credentials_version) ON app.users TO synsc_app;
GRANT UPDATE (credentials_version) ON app.users TO synsc_authn;
GRANT DELETE ON app.users TO synsc_authn;

GRANT CREATE ON SCHEMA auth TO synsc_authn;
SET LOCAL ROLE synsc_authn;

-- Tells every dashboard what changed, never a value. Anybody may hear this and nobody needs to
-- trust it: who is told looks again.
CREATE FUNCTION auth.announce(p_user uuid, p_topic text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog AS $$
  SELECT pg_notify('synsc', p_user || ' ' || p_topic) WHERE p_user IS NOT NULL;
$$;

CREATE FUNCTION auth.bump_credentials() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  UPDATE app.users u SET credentials_version = credentials_version + 1 WHERE u.id = NEW.user_id;
  PERFORM auth.announce(NEW.user_id, 'credentials');
  RETURN NULL;
END $$;

CREATE FUNCTION auth.announce_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM auth.announce(CASE TG_OP WHEN 'DELETE' THEN OLD.user_id ELSE NEW.user_id END, TG_ARGV[0]);
  RETURN NULL;
END $$;

-- In PL/pgSQL what is called often: there the plan is kept.
CREATE FUNCTION auth.credentials_version(p_user uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  RETURN (SELECT u.credentials_version FROM app.users u WHERE u.id = p_user);
END $$;

-- As the one who calls it, through row-level security.
CREATE FUNCTION auth.sealed_fields()
RETURNS TABLE (account_version bigint, id uuid, provider text, version integer, updated_at timestamptz,
  name text, masked text, wrapped_key bytea, sealed bytea)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY SELECT u.credentials_version, c.id, c.provider, c.version, c.updated_at,
      f.name, f.masked, f.wrapped_key, f.sealed
    FROM app.users u
      LEFT JOIN (app.credentials c JOIN app.credential_fields f ON f.credential_id = c.id)
        ON c.user_id = u.id
    ORDER BY c.provider, f.name;
END $$;

CREATE FUNCTION auth.add_audit(p_action text, p_target text, p_outcome text, p_address text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  INSERT INTO app.audit (user_id, action, target, outcome, address)
  VALUES (auth.uid(), p_action, p_target, p_outcome, p_address);
END $$;

-- What a user asked for: everything of the account but its audit trail. True when there was one.
CREATE FUNCTION auth.remove_account() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  me uuid := auth.uid();
BEGIN
  DELETE FROM app.users u WHERE u.id = me;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM auth.announce(me, 'tokens');
  PERFORM auth.note(me, 'account.delete', '', 'ok', '');
  RETURN true;
END $$;

CREATE FUNCTION auth.user_exists(p_user uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM app.users u WHERE u.id = p_user);
$$;

RESET ROLE;
REVOKE CREATE ON SCHEMA auth FROM synsc_authn;

CREATE TRIGGER bump AFTER INSERT OR UPDATE ON app.credentials FOR EACH ROW
  EXECUTE FUNCTION auth.bump_credentials();
CREATE TRIGGER announce AFTER UPDATE OF revoked_at OR DELETE ON app.tokens FOR EACH ROW
  EXECUTE FUNCTION auth.announce_row('tokens');
CREATE TRIGGER announce AFTER INSERT OR UPDATE ON app.cli_sessions FOR EACH ROW
  EXECUTE FUNCTION auth.announce_row('sessions');
