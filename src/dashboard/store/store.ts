import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, SynscError } from '../../errors.ts';
import type { Engine, Principal, Run, Statement } from './engine.ts';
import { guard } from './guard.ts';
import { createLogins, loginsOf } from './logins.ts';
import { migrate } from './migrate.ts';
import { originSetting } from './origin.ts';
import { type StatementName, statements } from './statements.ts';
import { trail } from './trail.ts';

/** Runs a named statement. `Row` names the columns that the statement selects. */
export type Query = <Row>(name: StatementName, parameters?: readonly unknown[]) => Promise<Row[]>;

export interface Store {
  /**
   * One transaction as `user`, who sees their own rows only; `null`: nobody yet, who reaches the
   * functions of schema `auth` and no table.
   */
  tx<T>(user: string | null, body: (query: Query) => Promise<T>): Promise<T>;
  /** One statement as nobody, by itself: for look-ups that write no audit row. */
  readonly ask: Query;
  /** A transaction of one statement, in one trip to the database. */
  one<Row>(
    user: string | null,
    name: StatementName,
    parameters?: readonly unknown[],
  ): Promise<Row[]>;
  /** A row of a user's audit trail, written together with those of others. */
  readonly note: ReturnType<typeof trail>;
  listen: Engine['listen'];
  close(): Promise<void>;
}

const nobody: Principal = { role: 'gate', settings: {} };
/** Seconds that a signed claim holds: longer than any transaction. */
const claimLifetime = 60;
/** Two dashboards that start at once on databases of one cluster meet at its roles. */
const preparations = 10;
const meetings = new Set(['XX000', '40001', '40P01', '23505', '42710']);

/** Migrates, guards, logs in, and hands out the store. `secret`: 32 bytes of this installation. */
export async function openStore(engine: Engine, secret: Buffer): Promise<Store> {
  const claimsKey = Buffer.from(createHmac('sha256', secret).update('synsc claims v1').digest());
  await prepare(engine, secret, claimsKey);
  await engine.enter(loginsOf(secret));
  const ask = async <Row>(name: StatementName, parameters: readonly unknown[] = []) => {
    refuseNul(parameters);
    const rows = await engine.single(nobody, statement(name), parameters);
    return rows as Row[];
  };
  return {
    ask,
    note: trail(ask),
    tx: (user, body) =>
      engine.transaction(principal(user, claimsKey), (run) =>
        body(async <Row>(name: StatementName, parameters?: readonly unknown[]) => {
          refuseNul(parameters);
          const rows = await run(statement(name), parameters);
          return rows as Row[];
        }),
      ),
    one: async <Row>(
      user: string | null,
      name: StatementName,
      parameters: readonly unknown[] = [],
    ) => {
      refuseNul(parameters);
      const rows = await engine.single(principal(user, claimsKey), statement(name), parameters);
      return rows as Row[];
    },
    listen: (channel, onMessage, onGap) => engine.listen(channel, onMessage, onGap),
    close: () => engine.close(),
  };
}

async function prepare(engine: Engine, secret: Buffer, claimsKey: Buffer): Promise<void> {
  for (let left = preparations; ; left -= 1) {
    try {
      await engine.owner(async (run) => {
        await migrate(run);
        if (engine.shared) await createLogins(run, secret);
        await guard(run);
        await keepClaimsKey(run, claimsKey);
      });
      return;
    } catch (error) {
      if (left <= 1 || !meetings.has(codeOf(error))) throw error;
      await sleep(50 + Math.random() * 200);
    }
  }
}

/** The database keeps the first key that it saw: another one would be that of other users' files. */
async function keepClaimsKey(run: Run, key: Buffer): Promise<void> {
  const isKept = async () =>
    (await run('SELECT FROM priv.claims_key WHERE ipad = $1', [pad(key, 0x36)])).length > 0;
  if (await isKept()) return;
  await run('INSERT INTO priv.claims_key (ipad, opad) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    pad(key, 0x36),
    pad(key, 0x5c),
  ]);
  if (await isKept()) return;
  throw new SynscError('UNSUPPORTED', 'this database belongs to another data directory’s keys', {
    hint: 'start with the --data directory that it was made with: all dashboards of a database share its keys',
  });
}

/** PostgreSQL has no text with a NUL in it, and would break the transaction off. */
function refuseNul(parameters: readonly unknown[] = []): void {
  for (const value of parameters.flat()) {
    if (typeof value !== 'string' || !value.includes('\0')) continue;
    throw new SynscError('INVALID_PARAMS', 'a text holds a NUL character', {
      hint: 'send it without',
    });
  }
}

function statement(name: StatementName): Statement {
  if (Object.hasOwn(statements, name)) return { name, sql: statements[name] };
  throw new SynscError('INTERNAL', 'no statement has this name');
}

function principal(user: string | null, claimsKey: Buffer): Principal {
  const settings = {
    'synsc.claims': user === null ? '' : signClaims(user, claimsKey),
    'synsc.origin': originSetting(),
  };
  return { role: user === null ? 'gate' : 'app', settings };
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
