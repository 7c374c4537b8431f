-- Run after the migrations at every start: who may call what, and the keeper's reach.
GRANT USAGE ON SCHEMA app, auth TO synsc_app, synsc_authn, synsc_gate, synsc_keeper;
REVOKE ALL ON ALL TABLES IN SCHEMA app FROM synsc_gate;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA auth FROM PUBLIC, synsc_app, synsc_gate, synsc_authn;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA auth TO synsc_gate, synsc_authn;

-- Those for a user who is signed in; each of them asks auth.uid() who that is.
DO $$
DECLARE
  own CONSTANT text[] := ARRAY['uid', 'claim_code', 'remove_account',
    'own_password', 'set_password', 'add_automation', 'add_challenge', 'take_challenge'];
  f regprocedure;
BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'auth'::regnamespace AND proname = ANY (own) LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO synsc_app', f);
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA priv TO synsc_keeper;
GRANT SELECT, INSERT ON priv.audit_heads TO synsc_keeper;
GRANT SELECT ON priv.migrations TO synsc_keeper;
DO $$
DECLARE name text;
BEGIN
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO synsc_app, synsc_gate', current_database());
  FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('GRANT SELECT, INSERT ON app.%I TO synsc_keeper', name);
    IF NOT EXISTS (SELECT FROM pg_policy
        WHERE polrelid = format('app.%I', name)::regclass AND polname = 'keeper') THEN
      EXECUTE format('CREATE POLICY keeper ON app.%I TO synsc_keeper USING (true) WITH CHECK (true)', name);
    END IF;
  END LOOP;
END $$;
