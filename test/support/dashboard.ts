import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DashboardConfig } from '../../src/dashboard/config.ts';
import { type Dashboard, startDashboard } from '../../src/dashboard/main.ts';
import { copyDatabase } from './embedded.ts';
import { startPostgres } from './postgres.ts';

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A dashboard on a free port with its data in a temporary directory. */
export interface TestDashboard extends Dashboard {
  readonly data: string;
  /** Of PostgreSQL, as its superuser. */
  readonly databaseUrl: string | undefined;
  ask(path: string, ask?: Ask): Promise<Answer>;
  form(path: string, fields: Record<string, string>, cookie?: string): Promise<Answer>;
  /** Makes an account; returns its session cookie. */
  signUp(email: string): Promise<string>;
  putCredential(cookie: string, provider: string, values: Record<string, string>): Promise<Answer>;
  /** Signs a machine in; returns its bearer token. */
  completeDeviceFlow(cookie: string): Promise<string>;
}

export async function startTestDashboard(options: {
  database: 'pglite' | 'postgres';
  config?: Partial<DashboardConfig>;
}): Promise<TestDashboard> {
  const data = await mkdtemp(join(tmpdir(), 'synsc-dashboard-'));
  const postgres = options.database === 'postgres' ? await startPostgres() : undefined;
  if (!postgres) await copyDatabase(data);
  const dashboard = await startDashboard({
    ...{ host: 'localhost', port: 0, data, json: false, codeLifetime: 900, pollInterval: 5 },
    databaseUrl: postgres?.url,
    ...options.config,
  });
  const ask = (path: string, what: Ask = {}) => send(dashboard, path, what);
  const form = (path: string, fields: Record<string, string>, cookie?: string) =>
    ask(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        origin: dashboard.url,
        ...(cookie === undefined ? {} : { cookie }),
      },
      body: new URLSearchParams(fields).toString(),
    });
  return {
    ...dashboard,
    data,
    databaseUrl: postgres?.url,
    ask,
    form,
    async signUp(email) {
      const answer = await form('/sign-up', { email, password: 'correct horse battery' });
      return String(answer.headers['set-cookie']).split(';')[0] ?? '';
    },
    putCredential: (cookie, provider, values) => form(`/credentials/${provider}`, values, cookie),
    async completeDeviceFlow(cookie) {
      const code = JSON.parse(
        (await form('/oauth/device_authorization', { client_id: 'synsc-cli' })).text,
      );
      await form('/device', { user_code: code.user_code }, cookie);
      await form('/device/confirm', { action: 'approve' }, cookie);
      const answer = await form('/oauth/token', tokenRequest(code.device_code));
      return JSON.parse(answer.text).access_token;
    },
    async close() {
      await dashboard.close();
      await postgres?.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

export function tokenRequest(deviceCode: string): Record<string, string> {
  return {
    client_id: 'synsc-cli',
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: deviceCode,
  };
}

function send(dashboard: Dashboard, path: string, what: Ask): Promise<Answer> {
  const { body, ...options } = what;
  return new Promise((resolve, reject) => {
    const call = request(
      `${dashboard.url}${path}`,
      { ...options, ca: dashboard.caCertificate, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
