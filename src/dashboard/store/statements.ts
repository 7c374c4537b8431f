import { auditMoment } from './auditRow.ts';

const sessionColumns = `id, label, directory, hostname, started_at, ended_at, last_seen_at,
      commands, redactions, credentials_used, audit_head`;

/**
 * Every statement that the running dashboard can send, by name: callers never pass SQL text, so
 * there is nothing to inject into. Those on schema `app` see one user's rows (row-level security);
 * those on schema `auth` are the narrow look-ups from before a user is known.
 */
export const statements = {
  note: `SELECT auth.note($1, $2, $3, $4, $5)`,
  notes: `SELECT auth.note_all($1, $2, $3, $4, $5)`,
  signUp: `SELECT auth.sign_up($1, $2, $3)`,
  userByEmail: `SELECT id, email, password FROM auth.user_by_email($1)`,
  webUser: `SELECT id, email, proved_at FROM auth.web_user($1)`,
  openWebSession: `INSERT INTO app.web_sessions (hash, user_id, expires_at, address, agent)
    VALUES ($1, auth.uid(), clock_timestamp() + make_interval(secs => $2), $3, $4)`,
  proveWebSession: `UPDATE app.web_sessions SET proved_at = clock_timestamp() WHERE hash = $1`,
  closeWebSession: `SELECT auth.close_web_session($1)`,
  webSessions: `SELECT id, address, agent, created_at, expires_at, hash = $1 AS current
    FROM app.web_sessions WHERE expires_at > clock_timestamp() ORDER BY created_at DESC`,
  closeOtherWebSessions: `DELETE FROM app.web_sessions WHERE hash <> $1`,
  ownPassword: `SELECT auth.own_password() AS password`,
  setPassword: `SELECT auth.set_password($1)`,
  takeTry: `SELECT auth.take_try($1, $2, $3, $4) AS wait`,
  forgiveTry: `SELECT auth.forgive_try($1)`,

  requestDevice: `SELECT auth.request_device($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS accepted`,
  redeemDevice: `SELECT outcome, scope FROM auth.redeem_device($1, $2, $3, $4, $5, $6, $7, $8)`,
  refresh: `SELECT outcome, scope, rotated FROM auth.refresh($1, $2, $3, $4, $5, $6, $7, $8)`,
  waitingCode: `SELECT address FROM auth.waiting_code($1)`,
  claimCode: `SELECT auth.claim_code($1, $2) AS claimed`,
  claimedRequest: `SELECT user_code, device_name, host, os_user, address,
      requested_at, scope, status
    FROM app.device_grants
    WHERE web_session = $1 AND status = 'pending' AND expires_at > clock_timestamp()`,
  decideDevice: `UPDATE app.device_grants SET status = $2
    WHERE web_session = $1 AND status = 'pending' AND expires_at > clock_timestamp()
    RETURNING user_code, device_name, host, os_user, address,
      requested_at, scope, status`,

  tokens: `SELECT place, id, email, scope, name, version::integer FROM auth.tokens($1)`,
  tokenState: `SELECT auth.token_state($1) AS state`,
  revokeToken: `SELECT auth.revoke_token($1, $2)`,
  addAutomation: `SELECT auth.add_automation($1, $2, $3, $4, $5)`,
  machines: `SELECT id, kind, name, host, os_user, address, scope, created_at,
      last_used_at, expires_at, revoked_at, ended_by
    FROM app.machines ORDER BY revoked_at IS NOT NULL, created_at DESC LIMIT 200`,
  revokeMachine: `UPDATE app.machines SET revoked_at = clock_timestamp(), ended_by = 'on this page'
    WHERE id = $1 AND revoked_at IS NULL RETURNING name`,
  ownMachine: `SELECT name FROM app.machines WHERE id = $1`,
  revokeMachines: `UPDATE app.machines SET revoked_at = clock_timestamp(), ended_by = $1
    WHERE revoked_at IS NULL RETURNING name`,

  passkeys: `SELECT id, name, created_at, last_used_at, transports
    FROM app.passkeys ORDER BY created_at`,
  addPasskey: `INSERT INTO app.passkeys (id, user_id, name, public_key, counter, transports)
    VALUES ($1, auth.uid(), $2, $3, $4, $5)`,
  deletePasskey: `DELETE FROM app.passkeys WHERE id = $1 RETURNING name`,
  addChallenge: `SELECT auth.add_challenge($1, $2) AS added`,
  takeChallenge: `SELECT auth.take_challenge($1) AS taken`,
  passkey: `SELECT user_id, email, public_key, counter, transports FROM auth.passkey($1)`,
  usePasskey: `SELECT auth.use_passkey($1, $2)`,

  slots: `SELECT c.provider, c.version, c.updated_at, f.name, f.masked, f.fingerprint
    FROM app.credentials c LEFT JOIN app.credential_fields f ON f.credential_id = c.id`,
  lastSync: `SELECT at, target AS device FROM app.audit
    WHERE action = 'sync' ORDER BY id DESC LIMIT 1`,
  fields: `SELECT c.provider, c.version, c.updated_at, f.name, f.masked
    FROM app.credentials c JOIN app.credential_fields f ON f.credential_id = c.id
    ORDER BY c.provider, f.name`,
  sealedFields: `SELECT c.id, c.provider, c.version, c.updated_at,
      f.name, f.masked, f.wrapped_key, f.sealed
    FROM app.credentials c JOIN app.credential_fields f ON f.credential_id = c.id
    ORDER BY c.provider, f.name`,
  nextVersion: `INSERT INTO app.credentials (user_id, provider) VALUES (auth.uid(), $1)
    ON CONFLICT (user_id, provider)
    DO UPDATE SET version = credentials.version + 1, updated_at = clock_timestamp()
    RETURNING id, version`,
  emptySlot: `UPDATE app.credentials SET version = version + 1, updated_at = clock_timestamp()
    WHERE provider = $1 AND EXISTS (
      SELECT FROM app.credential_fields f WHERE f.credential_id = credentials.id)
    RETURNING id`,
  deleteFields: `DELETE FROM app.credential_fields WHERE credential_id = $1`,
  insertField: `INSERT INTO app.credential_fields
      (credential_id, user_id, name, version, masked, wrapped_key, sealed, fingerprint)
    VALUES ($1, auth.uid(), $2, $3, $4, $5, $6, $7)`,

  startSession: `INSERT INTO app.cli_sessions (user_id, label, directory, hostname)
    VALUES (auth.uid(), $1, $2, $3) RETURNING id`,
  updateSession: `UPDATE app.cli_sessions SET
      last_seen_at = clock_timestamp(),
      ended_at = CASE WHEN $2::boolean THEN coalesce(ended_at, clock_timestamp()) ELSE ended_at END,
      commands = coalesce($3::integer, commands),
      redactions = coalesce($4::integer, redactions),
      credentials_used = coalesce($5::text[], credentials_used),
      audit_head = coalesce($6::text, audit_head)
    WHERE id = $1 RETURNING id`,
  sessions: `SELECT ${sessionColumns} FROM app.cli_sessions
    WHERE $1::uuid IS NULL OR (started_at, id) < (
      SELECT s.started_at, s.id FROM app.cli_sessions s WHERE s.id = $1::uuid)
    ORDER BY started_at DESC, id DESC LIMIT 200`,
  session: `SELECT ${sessionColumns} FROM app.cli_sessions WHERE id = $1`,

  addAudit: `INSERT INTO app.audit (user_id, action, target, outcome, address)
    VALUES (auth.uid(), $1, $2, $3, $4)`,
  audit: `SELECT seq::text, at, action, target, outcome, address, agent FROM app.audit
    WHERE ($1::text IS NULL OR action = $1)
      AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
      AND ($4::bigint IS NULL OR seq < $4)
    ORDER BY id DESC LIMIT 200`,
  auditPage: `SELECT seq::text, ${auditMoment} AS at, action, target, outcome, address, agent,
      encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash
    FROM app.audit a
    WHERE chain = (SELECT auth.uid()) AND a.seq > $4::bigint AND ($1::text IS NULL OR action = $1)
      AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
    ORDER BY a.seq LIMIT 1000`,

  removeAccount: `SELECT auth.remove_account() AS removed`,
  userExists: `SELECT auth.user_exists($1) AS found`,
} as const;

export type StatementName = keyof typeof statements;
