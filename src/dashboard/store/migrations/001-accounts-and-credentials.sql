-- Two roles without a login. synsc_app: all traffic of a known user, through row-level security.
-- synsc_authn: owns the functions that find a user by e-mail, token or code; reaches no credential.
DO $$ BEGIN
  CREATE ROLE synsc_app NOLOGIN NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  CREATE ROLE synsc_authn NOLOGIN NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT synsc_app, synsc_authn TO CURRENT_USER;

CREATE SCHEMA app;
CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA app, auth TO synsc_app, synsc_authn;
GRANT USAGE ON SCHEMA priv TO synsc_authn;

-- The HMAC key of signed claims, XOR 0x36 and XOR 0x5c (RFC 2104), 64 bytes each. No grants.
CREATE TABLE priv.claims_key (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  ipad bytea NOT NULL,
  opad bytea NOT NULL
);

-- Tries of passwords and user codes, by a hash of what is limited.
CREATE TABLE priv.tries (
  tag uuid NOT NULL,
  key text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX tries_key ON priv.tries (key, at);
GRANT SELECT, INSERT, DELETE ON priv.tries TO synsc_authn;

-- Claims are "<user id>.<expiry, unix s>.<hex HMAC-SHA256>"; a setting that somebody else wrote is refused.
CREATE FUNCTION auth.uid() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  part text[] := string_to_array(nullif(current_setting('synsc.claims', true), ''), '.');
  k record;
BEGIN
  IF part IS NULL THEN RETURN NULL; END IF;
  SELECT ipad, opad INTO k FROM priv.claims_key;
  IF array_length(part, 1) <> 3
    OR part[3] IS DISTINCT FROM encode(sha256(k.opad ||
         sha256(k.ipad || convert_to(part[1] || '.' || part[2], 'UTF8'))), 'hex')
    OR part[2]::bigint < extract(epoch FROM clock_timestamp()) THEN
    RAISE EXCEPTION 'claims rejected' USING ERRCODE = '28000';
  END IF;
  RETURN part[1]::uuid;
END $$;

CREATE TABLE app.users (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE,
  password text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE app.web_sessions (
  hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app.users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL
);
CREATE TABLE app.device_grants (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  device_hash bytea NOT NULL UNIQUE,
  user_code text NOT NULL UNIQUE,
  client text NOT NULL,
  scope text NOT NULL,
  device_name text NOT NULL,
  address text NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  poll_interval integer NOT NULL,
  last_poll timestamptz,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'denied')),
  redeemed boolean NOT NULL DEFAULT false,
  user_id uuid REFERENCES app.users ON DELETE CASCADE,
  web_session bytea
);
CREATE INDEX device_grants_session ON app.device_grants (web_session);
CREATE TABLE app.tokens (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app.users ON DELETE CASCADE,
  hash bytea NOT NULL UNIQUE,
  grant_id uuid NOT NULL,
  name text NOT NULL,
  address text NOT NULL,
  scope text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX tokens_user ON app.tokens (user_id);
CREATE TABLE app.credentials (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES app.users ON DELETE CASCADE,
  provider text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (user_id, provider),
  UNIQUE (id, user_id)
);
CREATE TABLE app.credential_fields (
  credential_id uuid NOT NULL,
  user_id uuid NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  masked text NOT NULL,
  wrapped_key bytea NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (credential_id, name),
  FOREIGN KEY (credential_id, user_id) REFERENCES app.credentials (id, user_id) ON DELETE CASCADE
);
CREATE INDEX credential_fields_user ON app.credential_fields (user_id);
CREATE TABLE app.cli_sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES app.users ON DELETE CASCADE,
  label text,
  directory text NOT NULL,
  hostname text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  commands integer NOT NULL DEFAULT 0,
  redactions integer NOT NULL DEFAULT 0,
  credentials_used text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX cli_sessions_user ON app.cli_sessions (user_id, started_at);
CREATE TABLE app.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  user_id uuid,
  action text NOT NULL,
  target text NOT NULL,
  outcome text NOT NULL,
  address text NOT NULL
);
CREATE INDEX audit_user ON app.audit (user_id, id);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['users', 'web_sessions', 'device_grants', 'tokens', 'credentials',
                              'credential_fields', 'cli_sessions', 'audit'] LOOP
    EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE app.%I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY own ON app.%I TO synsc_app USING (%I = (SELECT auth.uid())) '
                   'WITH CHECK (%2$I = (SELECT auth.uid()))',
                   name, CASE name WHEN 'users' THEN 'id' ELSE 'user_id' END);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['users', 'web_sessions', 'device_grants', 'tokens', 'audit'] LOOP
    EXECUTE format('CREATE POLICY authn ON app.%I TO synsc_authn USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;

GRANT SELECT (id, email) ON app.users TO synsc_app;
GRANT SELECT, INSERT ON app.web_sessions TO synsc_app;
GRANT SELECT, UPDATE (status) ON app.device_grants TO synsc_app;
GRANT SELECT (id, user_id, name, address, scope, created_at, last_used_at, expires_at, revoked_at),
  UPDATE (revoked_at) ON app.tokens TO synsc_app;
GRANT SELECT, INSERT, UPDATE ON app.credentials TO synsc_app;
GRANT SELECT, INSERT, DELETE ON app.credential_fields TO synsc_app;
GRANT SELECT, INSERT, UPDATE ON app.cli_sessions TO synsc_app;
GRANT SELECT, INSERT ON app.audit TO synsc_app;

GRANT SELECT, INSERT ON app.users TO synsc_authn;
GRANT SELECT, DELETE ON app.web_sessions TO synsc_authn;
GRANT SELECT, INSERT, UPDATE, DELETE ON app.device_grants TO synsc_authn;
GRANT SELECT, INSERT, UPDATE ON app.tokens TO synsc_authn;
GRANT INSERT ON app.audit TO synsc_authn;
