import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashToken } from '../../src/dashboard/auth/token.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

describe.each(databases)('an access token on %s', (database) => {
  const [machine, revoked] = [randomUUID(), randomUUID()];
  let it: TestStore;
  beforeAll(async () => {
    it = await openTestStore(database);
    const user = await it.addUser(randomUUID());
    await it.engine.owner(async (run) => {
      for (const id of [machine, revoked]) {
        await run(
          `INSERT INTO app.machines (id, user_id, name, address, scope, expires_at, revoked_at)
           VALUES ($1, $2, 'm', '', 'credentials:read', now() + interval '1 day', $3)`,
          [id, user, id === revoked ? new Date() : null],
        );
      }
      const tokens: [token: string, machine: string, end: string][] = [
        ['live', machine, '1 hour'],
        ['expired', machine, '-1 second'],
        ['revoked', revoked, '1 hour'],
        ['both', revoked, '-1 second'],
      ];
      for (const [token, id, end] of tokens) {
        await run(
          `INSERT INTO app.access_tokens (hash, user_id, machine_id, scope, expires_at)
           VALUES ($1, $2, $3, 'credentials:read', now() + $4::interval)`,
          [hashToken(token), user, id, end],
        );
      }
    });
  });
  afterAll(() => it?.close());

  test.each([
    ['live', 'live', 1],
    ['expired', 'expired', 0],
    ['revoked', 'revoked', 0],
    ['both', 'revoked', 0],
    ['unknown', 'revoked', 0],
  ])('%s: %s', async (token, state, rows) => {
    const hash = [hashToken(token)];
    expect(await it.store.ask('tokenState', hash)).toEqual([{ state }]);
    expect(await it.store.ask('tokens', [hash])).toHaveLength(rows);
  });
});
