import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generateSealingKeys } from '../../protocol/dashboard/sealing.ts';
import type { Address } from '../support/client.ts';
import { startTestDashboard, type TestDashboard } from '../support/dashboard.ts';
import { databases } from '../support/store.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

interface Event {
  readonly event: string;
  readonly data: { version?: number };
  readonly id?: string;
}

/** An open event stream, as a session holds one. */
class Stream {
  readonly events: Event[] = [];
  ended = false;
  readonly status: Promise<number>;
  readonly #call;

  constructor(dashboard: Address, token: string, headers: Record<string, string> = {}) {
    const authorization = `Bearer ${token}`;
    this.#call = request(`${dashboard.url}/api/cli/events`, {
      ca: dashboard.caCertificate,
      agent: false,
      headers: { accept: 'text/event-stream', authorization, ...headers },
    });
    this.#call.on('error', () => undefined);
    this.status = new Promise((resolve) => {
      this.#call.on('response', (response) => {
        let text = '';
        response.on('error', () => undefined);
        response.on('close', () => {
          this.ended = true;
        });
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          const blocks = text.split('\n\n');
          text = blocks.pop() ?? '';
          for (const block of blocks) this.#take(block);
        });
        resolve(response.statusCode ?? 0);
      });
    });
    this.#call.end();
  }

  #take(block: string): void {
    const fields = Object.fromEntries(
      block
        .split('\n')
        .filter((line) => !line.startsWith(':'))
        .map((line) => line.split(/: (.*)/s)),
    );
    if (fields.event) this.events.push({ ...fields, data: JSON.parse(fields.data) });
  }

  versions(): (number | undefined)[] {
    return this.events.map(({ data }) => data.version);
  }

  close(): void {
    this.#call.destroy();
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let left = 2400; !condition(); left -= 1) {
    if (left === 0) throw new Error('it did not come about within two minutes');
    await sleep(50);
  }
}

const value = (mark: string) => ({ HF_TOKEN: `hf_SENTINELsentinelSENTINEL${mark}` });

describe.each(databases)('the event stream on %s', (database) => {
  let dashboard: TestDashboard;
  let alice = '';
  let token = '';
  const streams: Stream[] = [];

  beforeAll(async () => {
    dashboard = await startTestDashboard({ database });
    alice = await dashboard.signUp('alice@example.org');
    token = await dashboard.completeDeviceFlow(alice);
  });
  afterAll(async () => {
    for (const stream of streams) stream.close();
    await dashboard?.close();
  });

  const stream = (bearer: string, headers?: Record<string, string>) => {
    const fresh = new Stream(dashboard, bearer, headers);
    streams.push(fresh);
    return fresh;
  };
  const sync = async (bearer: string, version?: number) => {
    const answer = await dashboard.ask('/api/cli/sync', {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify({ publicKey: generateSealingKeys().publicKey, version }),
    });
    return JSON.parse(answer.text);
  };

  test('tells of a changed credential, in versions and never in values', async () => {
    const open = stream(token);
    expect(await open.status).toBe(200);
    await until(() => open.events.length === 1);
    const [start = 0] = open.versions();
    await dashboard.putCredential(alice, 'huggingface', value('0001'));
    await until(() => open.events.length === 2);
    await dashboard.form('/credentials/huggingface/delete', {}, alice);
    await until(() => open.events.length === 3);
    expect(open.versions()).toEqual([start, start + 1, start + 2]);
    expect(JSON.stringify(open.events)).not.toContain('SENTINEL');
    expect((await sync(token)).version).toBe(start + 2);
  });

  test('tells nobody else', async () => {
    const bob = await dashboard.signUp('bob@example.org');
    const other = stream(await dashboard.completeDeviceFlow(bob));
    await until(() => other.events.length === 1);
    const own = stream(token);
    await until(() => own.events.length === 1);
    await dashboard.putCredential(alice, 'huggingface', value('0002'));
    await until(() => own.events.length === 2);
    expect(other.events).toHaveLength(1);
  });

  test('says to a client that comes back what it missed, and nothing when it missed nothing', async () => {
    const { version } = await sync(token);
    const upToDate = stream(token, { 'last-event-id': String(version) });
    expect(await upToDate.status).toBe(200);
    const behind = stream(token, { 'last-event-id': String(version - 1) });
    await until(() => behind.events.length === 1);
    expect(behind.events).toEqual([
      { event: 'credentials', id: String(version), data: { version } },
    ]);
    await dashboard.putCredential(alice, 'huggingface', value('0003'));
    await until(() => upToDate.events.length === 1);
    expect(upToDate.versions()).toEqual([version + 1]);
  });

  test('ends with the sign-in, and does not open again', async () => {
    const mine = await dashboard.completeDeviceFlow(alice);
    const open = stream(mine);
    const kept = stream(token);
    await until(() => open.events.length === 1 && kept.events.length === 1);
    await dashboard.form('/oauth/revoke', { client_id: 'synsc-cli', token: mine });
    await until(() => open.ended);
    expect(open.events.at(-1)).toEqual({ event: 'signed-out', data: {} });
    expect(await stream(mine).status).toBe(401);
    expect({ ended: kept.ended, events: kept.events.length }).toEqual({ ended: false, events: 1 });
  });

  test('is not for a token without the scope, or for nobody', async () => {
    expect(await stream('synsc_nothing').status).toBe(401);
    expect((await dashboard.ask('/api/cli/events')).status).toBe(401);
  });

  test('is not needed: a sync that names its version hears whether there is a later one', async () => {
    const { version, credentials } = await sync(token);
    expect(credentials).toHaveLength(1);
    expect(await sync(token, version)).toMatchObject({ unchanged: true, version, credentials: [] });
    await dashboard.putCredential(alice, 'huggingface', value('0004'));
    const next = await sync(token, version);
    expect(next).toMatchObject({ version: version + 1, credentials: [{ name: 'HF_TOKEN' }] });
    expect(next.unchanged).toBeUndefined();
  });

  test('ends when the dashboard does', async () => {
    const other = await startTestDashboard({ database: 'pglite' });
    const cookie = await other.signUp('carol@example.org');
    const open = new Stream(other, await other.completeDeviceFlow(cookie));
    await until(() => open.events.length === 1);
    await other.close();
    await until(() => open.ended);
  });
});
