/**
 * The dashboard as it is shipped, in a process of its own: syncs of eight credentials over 16 TLS
 * connections, unchanged syncs, and event streams; on the embedded database and on PostgreSQL. Each
 * answer is opened and checked: a value of another user or of another version would be a mixed one.
 * The client runs on the same cores as what it measures: CPU figures are the sturdy ones.
 * `scripts/bench sync [ANSWERS]`: how many answers to check on each database.
 */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncResponse } from '../../protocol/dashboard/answers.ts';
import {
  generateSealingKeys,
  open,
  type SealingKeys,
  sharedKey,
} from '../../protocol/dashboard/sealing.ts';
import { clientOf, type TestClient } from '../../test/support/client.ts';
import { postgresPrograms, startPostgres } from '../../test/support/postgres.ts';
import { cpuOf, type Server, startServer } from './support/dashboard.ts';

const connections = 16;
/** Answers that are opened and checked on each database. */
const checked = Number(process.argv[3] ?? 30_000);
const timed = Math.min(6_000, checked);
const unchangedSyncs = Math.min(4_000, checked);
const streams = 1_000;

type Kind = 'pglite' | 'postgres';
const targets = {
  rate: { pglite: 400, postgres: 600 },
  p99: 100,
  unchangedCpu: 0.3,
  streamMegabytes: 20,
};

interface Account {
  readonly token: string;
  readonly cookie: string;
  readonly mark: string;
  /** Rotations so far. */
  turn: number;
}

export async function run(): Promise<void> {
  await measure('pglite', undefined);
  if (!postgresPrograms()) {
    console.log('postgres: not measured, there is none in /usr/lib/postgresql');
    return;
  }
  const postgres = await startPostgres();
  try {
    await measure('postgres', postgres.url);
  } finally {
    await postgres.stop();
  }
  console.log(`${cpus()}, client on the same cores, Node ${process.version}`);
}

async function measure(kind: Kind, databaseUrl: string | undefined): Promise<void> {
  const data = mkdtempSync(path.join(tmpdir(), 'synsc-bench-'));
  const { child, server } = await startServer(data, databaseUrl);
  try {
    const client = clientOf(server);
    const accounts: Account[] = [];
    for (let index = 0; index < connections; index += 1) {
      accounts.push(await addAccount(client, index));
    }
    await measureSyncs(kind, server, client, accounts);
    await measureUnchanged(kind, server, accounts);
    await measureStreams(kind, server, accounts);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    rmSync(data, { recursive: true, force: true });
  }
}

/** Eight values: five of text, two more of AWS, one document of 2.3 KB. */
function valuesOf({ mark, turn }: Pick<Account, 'mark' | 'turn'>) {
  const own = `${mark}${String(turn).padStart(6, '0')}`;
  return {
    huggingface: { HF_TOKEN: `hf_${own}abcdefghijklmnopqrstuvw` },
    wandb: { WANDB_API_KEY: Buffer.from(own).toString('hex').padEnd(40, '0') },
    modal: {
      MODAL_TOKEN_ID: `ak-${own}abcdefghijklm`,
      MODAL_TOKEN_SECRET: `as-${own}abcdefghijklm`,
    },
    lambda: { LAMBDA_API_KEY: `secret_${own}_abcdefghijklmnopqrstuvwxyz` },
    aws: {
      AWS_ACCESS_KEY_ID: `AKIA${own.toUpperCase().padEnd(16, 'A').slice(0, 16)}`,
      AWS_SECRET_ACCESS_KEY: own.padEnd(40, 'x'),
    },
    gcp: { GOOGLE_APPLICATION_CREDENTIALS: serviceAccount(own) },
  };
}

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

function serviceAccount(own: string): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: `bench-${own}`,
    private_key_id: own,
    private_key: privateKey,
    client_email: `${own}@bench.iam.gserviceaccount.com`,
    token_uri: 'https://oauth2.googleapis.com/token',
  });
}

async function addAccount(client: TestClient, index: number): Promise<Account> {
  const cookie = await client.signUp(`bench${index}@example.org`);
  const account = { cookie, token: '', mark: `u${String(index).padStart(2, '0')}x`, turn: 0 };
  await rotate(client, account, true);
  return { ...account, token: await client.completeDeviceFlow(cookie) };
}

/** All slots the first time, then the two of AWS, which belong together. */
async function rotate(client: TestClient, account: Account, all = false): Promise<void> {
  account.turn += 1;
  for (const [provider, values] of Object.entries(valuesOf(account))) {
    if (!all && provider !== 'aws') continue;
    const { status, text } = await client.putCredential(account.cookie, provider, values);
    if (status !== 200) throw new Error(`${provider}: ${status} ${text}`);
  }
}

interface Lane {
  readonly account: Account;
  readonly agent: Agent;
  readonly keys: SealingKeys;
}

async function measureSyncs(
  kind: Kind,
  server: Server,
  client: TestClient,
  accounts: readonly Account[],
): Promise<void> {
  const lanes = accounts.map((account): Lane => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: server.caCertificate });
    return { account, agent, keys: generateSealingKeys() };
  });
  const warm = lanes.map(async (lane) => {
    for (let count = 0; count < 20; count += 1) await syncOnce(server, lane);
  });
  await Promise.all(warm);

  // speed: what comes back is only counted, since opening it would cost the same cores as much again
  const times: number[] = [];
  const cpu = cpuOf(server.pid);
  const start = performance.now();
  const perLane = timed / connections;
  await Promise.all(
    lanes.map(async (lane) => {
      for (let count = 0; count < perLane; count += 1) {
        const begin = performance.now();
        const answer = await syncOnce(server, lane);
        times.push(performance.now() - begin);
        if (answer.credentials.length !== 8) throw new Error('not eight credentials');
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const used = (cpuOf(server.pid) - cpu) / times.length;
  const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
  report(kind, 'syncs', times.length / seconds, '/s', targets.rate[kind], 'least');
  report(kind, 'sync p99', p99, 'ms', targets.p99, 'most');
  console.log(`${kind.padEnd(9)} CPU a sync ${used.toFixed(2)} ms, ${rss(server.pid)} MB RSS`);

  // truth: while the keys of AWS are rotated, every answer is opened
  let mixed = 0;
  let rotating = true;
  const rotations = (async () => {
    while (rotating) {
      for (const account of accounts) if (rotating) await rotate(client, account);
    }
  })();
  await Promise.all(
    lanes.map(async (lane) => {
      for (let count = 0; count < checked / connections; count += 1) {
        if (isMixed(await syncOnce(server, lane), lane)) mixed += 1;
      }
    }),
  );
  rotating = false;
  await rotations;
  const turns = accounts.reduce((sum, { turn }) => sum + turn - 1, 0);
  report(kind, `mixed of ${checked} answers, ${turns} rotations`, mixed, '', 0, 'most');
  for (const { agent } of lanes) agent.destroy();
}

function isMixed(answer: SyncResponse, { account, keys }: Lane): boolean {
  const key = sharedKey(keys, answer.publicKey, 'session');
  const values = new Map(
    answer.credentials.map(({ name, version, nonce, ciphertext }) => {
      const context = { accountId: answer.account.id, name, version };
      return [name, open(key, { nonce, ciphertext }, context).toString()];
    }),
  );
  const id = values.get('AWS_ACCESS_KEY_ID')?.toLowerCase() ?? '';
  const secret = values.get('AWS_SECRET_ACCESS_KEY') ?? '';
  const pair = id.slice(4, 14) === secret.slice(0, 10);
  const own = [...values.values()].every(
    (value) =>
      value.includes(account.mark) ||
      value.toLowerCase().includes(account.mark) ||
      value.startsWith(Buffer.from(account.mark).toString('hex')),
  );
  return !(pair && own && values.size === 8);
}

function syncOnce(server: Server, { account, agent, keys }: Lane, version?: number) {
  const body = JSON.stringify({ publicKey: keys.publicKey, version });
  return new Promise<SyncResponse>((resolve, reject) => {
    const call = request(`${server.url}/api/cli/sync`, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${account.token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    call.once('error', reject);
    call.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as SyncResponse);
        else reject(new Error(`sync: ${response.statusCode} ${text}`));
      });
    });
    call.end(body);
  });
}

async function measureUnchanged(kind: Kind, server: Server, accounts: readonly Account[]) {
  const lanes = await Promise.all(
    accounts.map(async (account) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: server.caCertificate });
      const lane: Lane = { account, agent, keys: generateSealingKeys() };
      return { lane, version: (await syncOnce(server, lane)).version };
    }),
  );
  const round = async (count: number) => {
    await Promise.all(
      lanes.map(async ({ lane, version }) => {
        for (let left = count / connections; left > 0; left -= 1) {
          const answer = await syncOnce(server, lane, version);
          if (!answer.unchanged) throw new Error('it has changed');
        }
      }),
    );
  };
  await round(unchangedSyncs / 2);
  const cpu = cpuOf(server.pid);
  const start = performance.now();
  await round(unchangedSyncs);
  const rate = unchangedSyncs / ((performance.now() - start) / 1000);
  const used = (cpuOf(server.pid) - cpu) / unchangedSyncs;
  report(kind, 'unchanged sync, CPU', used, 'ms', targets.unchangedCpu, 'most');
  console.log(`${kind.padEnd(9)} unchanged syncs ${rate.toFixed(0)}/s`);
  for (const { lane } of lanes) lane.agent.destroy();
}

async function measureStreams(kind: Kind, server: Server, accounts: readonly Account[]) {
  const before = rss(server.pid);
  let started = 0;
  const calls = Array.from({ length: streams }, (_, index) => {
    const token = accounts[index % accounts.length]?.token ?? '';
    const call = request(`${server.url}/api/cli/events`, {
      agent: false,
      ca: server.caCertificate,
      headers: { authorization: `Bearer ${token}` },
    });
    call.on('error', () => undefined);
    call.once('response', (response) => {
      response.on('error', () => undefined);
      response.once('data', () => {
        started += 1;
      });
      response.resume();
    });
    call.end();
    return call;
  });
  for (let left = 1200; started < streams && left > 0; left -= 1) await sleep(50);
  if (started < streams) throw new Error(`${started} of ${streams} streams opened`);
  await sleep(3_000); // collectors of garbage get their turn
  const grown = rss(server.pid) - before;
  report(kind, `${streams} event streams`, grown, 'MB', targets.streamMegabytes, 'most');
  for (const call of calls) call.destroy();
}

function rss(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function report(
  kind: Kind,
  what: string,
  value: number,
  unit: string,
  target: number,
  bound: 'least' | 'most',
): void {
  const met = bound === 'least' ? value >= target : value <= target;
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(2);
  console.log(
    `${kind.padEnd(9)} ${what.padEnd(44)} ${shown} ${unit}  at ${bound} ${target}: ${met ? 'met' : 'MISSED'}`,
  );
  if (!met) process.exitCode = 1;
}

function cpus(): string {
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' ');
  return `load ${load}`;
}
