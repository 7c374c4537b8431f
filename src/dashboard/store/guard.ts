import { SynscError } from '../../errors.ts';
import type { Run } from './engine.ts';

interface Finding {
  readonly subject: string;
}

interface Check {
  /** Selects a row with `subject` for each thing that is wrong. */
  readonly sql: string;
  readonly message: (subject: string) => string;
  readonly hint: string;
}

const restore = 'restore the database from a backup, or undo the change that was made to it';

/** What has to be true of a database before values go in or out; the start refuses anything else. */
const checks: readonly Check[] = [
  {
    sql: `SELECT c.relname AS subject FROM pg_class c
      WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f', 'v')
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
    message: (table) => `the table app.${table} is not under forced row-level security`,
    hint: 'ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY on it',
  },
  {
    // one policy that reaches the application's role, and it is the user's own rows
    sql: `SELECT c.relname AS subject FROM pg_class c
      WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND (
        SELECT array_agg(p.polname || p.polcmd::text || p.polpermissive
            || pg_get_expr(p.polqual, c.oid) || pg_get_expr(p.polwithcheck, c.oid))
        FROM pg_policy p
        WHERE p.polrelid = c.oid AND (0 = ANY (p.polroles) OR 'synsc_app'::regrole = ANY (p.polroles))
      ) IS DISTINCT FROM ARRAY['own*true' || repeat(
        format('(%s = ( SELECT auth.uid() AS uid))', CASE c.relname WHEN 'users' THEN 'id' ELSE 'user_id' END), 2)]`,
    message: (table) => `the table app.${table} lacks its policy, or has one more than it should`,
    hint: restore,
  },
  {
    sql: `SELECT rolname AS subject FROM pg_roles r
      WHERE r.rolname ~ '^synsc_(app|gate|authn|keeper)'
        AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole)`,
    message: (role) => `the role ${role} can bypass row-level security`,
    hint: 'ALTER ROLE … NOSUPERUSER NOBYPASSRLS NOCREATEROLE on it',
  },
  {
    sql: `SELECT r.rolname || ' owns ' || c.relname AS subject
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_roles r ON r.oid = c.relowner
      WHERE n.nspname IN ('app', 'auth', 'priv') AND r.rolname ~ '^synsc_(app|gate)'
      UNION ALL
      SELECT r.rolname || ' belongs to ' || o.rolname FROM pg_roles r, pg_roles o
      WHERE r.rolname ~ '^synsc_(app|gate)' AND pg_has_role(r.oid, o.oid, 'MEMBER')
        AND (o.rolname IN ('synsc_authn', 'synsc_keeper') OR o.oid IN (
          SELECT c.relowner FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace))`,
    message: (subject) => `a role of the application has too much: ${subject}`,
    hint: restore,
  },
  {
    sql: `SELECT p.proname AS subject FROM pg_proc p
      WHERE p.pronamespace = 'auth'::regnamespace AND p.prosecdef
        AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog'], false)`,
    message: (name) => `the function auth.${name} has no fixed search path`,
    hint: restore,
  },
];

/** Refuses a database that would not keep its users apart. */
export async function guard(run: Run): Promise<void> {
  for (const { sql, message, hint } of checks) {
    const [finding] = (await run(sql)) as Finding[];
    if (finding) throw new SynscError('UNSUPPORTED', message(finding.subject), { hint });
  }
}
