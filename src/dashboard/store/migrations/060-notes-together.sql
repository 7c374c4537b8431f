-- Rows of the trails of several users in one transaction, each with the origin of its request. In the order
-- of the users, so that two dashboards that do this at once wait for each other and never in a circle.
GRANT CREATE ON SCHEMA auth TO synsc_authn;
SET LOCAL ROLE synsc_authn;
CREATE FUNCTION auth.note_all(p_users uuid[], p_actions text[], p_targets text[], p_outcomes text[],
  p_origins text[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT * FROM unnest(p_users, p_actions, p_targets, p_outcomes, p_origins)
      WITH ORDINALITY AS u(who, action, target, outcome, origin, place) ORDER BY who, place LOOP
    PERFORM set_config('synsc.origin', r.origin, true);
    INSERT INTO app.audit (user_id, action, target, outcome, address)
    VALUES (r.who, r.action, r.target, r.outcome, '');
  END LOOP;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA auth FROM synsc_authn;
