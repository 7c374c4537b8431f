import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { scope } from '../../protocol/dashboard/device.ts';
import { approval } from '../../src/dashboard/auth/approval.ts';
import { redeem, renew, requestDevice } from '../../src/dashboard/auth/grant.ts';
import { machines } from '../../src/dashboard/auth/machines.ts';
import { webSessions } from '../../src/dashboard/auth/webSessions.ts';
import { databases, openTestStore, type TestStore } from '../support/store.ts';

/** Passwords are slow on purpose, and the machine may be busy. */
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const address = '192.0.2.7';
const day = 24 * 60 * 60_000;

describe.each(databases)('a machine that is not used on %s', (database) => {
  let it: TestStore;
  const user = { id: randomUUID(), email: 'alice@example.org' };
  beforeAll(async () => {
    it = await openTestStore(database);
    await it.addUser(user.id);
  });
  afterAll(() => it?.close());

  async function signIn() {
    const asking = { name: 'laptop', host: 'laptop', osUser: 'alice', scope, address };
    const code = await requestDevice(it, { ...asking, baseUrl: 'https://localhost' });
    const cookie = await webSessions(it).openWebSession(user, { address, agent: '' });
    await approval(it).claimUserCode(user, cookie, code.user_code, address);
    await approval(it).decideDevice(user, cookie, 'approve');
    return redeem(it, code.device_code, address);
  }

  const refresh = (refreshToken = '') =>
    renew(it, { refreshToken, retryKey: undefined, scope: undefined, address }).then(
      (tokens) => tokens.refresh_token,
      (failure: { error?: string }) => failure.error,
    );

  /** As if so much time had passed for every sign-in. */
  const pass = (time: string) =>
    it.engine.owner((run) =>
      run(
        `UPDATE app.refresh_tokens SET expires_at = expires_at - interval '${time}';
         UPDATE app.machines SET expires_at = expires_at - interval '${time}';`,
      ),
    );

  test('stays signed in for 30 days, which each use starts anew', async () => {
    const first = await signIn();
    await pass('29 days 23 hours');
    const second = await refresh(first.refresh_token);
    expect(second).toMatch(/^synsc_refresh\./);
    await pass('29 days 23 hours');
    const third = await refresh(second);
    expect(third).toMatch(/^synsc_refresh\./);
    const [machine] = await machines(it).devices(user);
    expect((machine?.expiresAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(29 * day);
    await pass('30 days');
    expect(await refresh(third)).toBe('invalid_grant');
    const [ended] = await machines(it).devices(user);
    expect(ended).toMatchObject({ revokedAt: null, endedBy: '' });
    expect(ended?.expiresAt.getTime()).toBeLessThan(Date.now());
  });
});
