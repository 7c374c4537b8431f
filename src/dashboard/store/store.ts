import { createHmac } from 'node:crypto';
import type { Engine } from './engine.ts';
import { checkRowSecurity, migrate } from './migrate.ts';
import { type StatementName, statements } from './statements.ts';

/** Runs a named statement. `Row` names the columns that the statement selects. */
export type Query = <Row>(name: StatementName, parameters?: readonly unknown[]) => Promise<Row[]>;

export interface Store {
  /** One transaction as `user`, who sees their own rows only; `null`: nobody, who sees none. */
  tx<T>(user: string | null, body: (query: Query) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Seconds that a signed claim holds: longer than any transaction. */
const claimLifetime = 60;

/** Migrates, checks row-level security, and hands out the store. `claimsKey`: 32 bytes. */
export async function openStore(engine: Engine, claimsKey: Buffer): Promise<Store> {
  await migrate(engine);
  await checkRowSecurity(engine);
  await engine.transaction((run) =>
    run(
      `INSERT INTO priv.claims_key (ipad, opad) VALUES ($1, $2)
       ON CONFLICT (only_row) DO UPDATE SET ipad = $1, opad = $2`,
      [pad(claimsKey, 0x36), pad(claimsKey, 0x5c)],
    ),
  );
  return {
    tx: (user, body) =>
      engine.transaction(async (run) => {
        await run('SET LOCAL ROLE synsc_app');
        const claims = user === null ? '' : signClaims(user, claimsKey);
        await run(`SELECT set_config('synsc.claims', $1, true)`, [claims]);
        return body(async <Row>(name: StatementName, parameters?: readonly unknown[]) => {
          const rows = await run(statements[name], parameters);
          return rows as Row[];
        });
      }),
    close: () => engine.close(),
  };
}

/** What `auth.uid()` accepts: user id, expiry in Unix seconds, HMAC-SHA256 of both. */
export function signClaims(user: string, key: Buffer, lifetime = claimLifetime): string {
  const text = `${user}.${Math.floor(Date.now() / 1000) + lifetime}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('hex')}`;
}

/** RFC 2104: the key, filled up to the block of 64 bytes, XOR `mask`. */
function pad(key: Buffer, mask: number): Buffer {
  const block = Buffer.alloc(64, mask);
  for (const [index, byte] of key.entries()) block[index] = byte ^ mask;
  return block;
}
