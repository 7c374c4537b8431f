import { createHash, createHmac, hkdfSync, pbkdf2Sync } from 'node:crypto';
import type { Logins, Role, Run } from './engine.ts';

const roles: readonly Role[] = ['app', 'gate'];
const iterations = 4096;

/**
 * The two logins of this installation. Roles belong to a whole PostgreSQL cluster, so their names
 * carry a mark of the secret: two dashboards with a database each do not take each other's.
 */
export function loginsOf(secret: Buffer): Logins {
  const mark = part(secret, 'name').toString('hex').slice(0, 12);
  const login = (role: Role) => ({
    user: `synsc_${role}_${mark}`,
    password: part(secret, `password ${role}`).toString('base64url'),
  });
  return { app: login('app'), gate: login('gate') };
}

/** Makes the logins, as members of the roles that hold the privileges. */
export async function createLogins(run: Run, secret: Buffer): Promise<void> {
  const logins = loginsOf(secret);
  for (const role of roles) {
    const { user, password } = logins[role];
    const verifier = scramVerifier(password, part(secret, `salt ${role}`).subarray(0, 16));
    const [current] = (await run(
      `SELECT pg_has_role(r.oid, $2, 'MEMBER') AS member FROM pg_roles r WHERE r.rolname = $1`,
      [user, `synsc_${role}`],
    )) as { member: boolean }[];
    if (!current) {
      await run(
        `CREATE ROLE ${user} LOGIN INHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE
           PASSWORD '${verifier}'`,
      );
    }
    if (!current?.member) await run(`GRANT synsc_${role} TO ${user}`);
  }
}

/**
 * What PostgreSQL stores of a password (RFC 5803): sent in its place, so that the password itself
 * is in no log of the server.
 */
function scramVerifier(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const stored = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const server = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`;
}

function part(secret: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `synsc login ${purpose} v1`, 32));
}
