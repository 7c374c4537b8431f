import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { catalog } from '../../src/provider/catalog.ts';

export const account = { email: 'demo@example.com', password: 'demo demo demo demo' };

/** A dashboard of the demonstration's own, on a free port of this machine. */
export interface DemoDashboard {
  readonly url: string;
  readonly caSha256: string;
  /** PEM file of its certificate authority. */
  readonly caFile: string;
  approve(userCode: string): Promise<void>;
}

/**
 * Waits until the process `synsc dashboard --json` with its data in `data` is ready, makes the
 * account and stores an obviously fake credential in every slot.
 */
export async function prepareDashboard(child: ChildProcess, data: string): Promise<DemoDashboard> {
  const { url, caSha256 } = await firstLine(child);
  const caFile = path.join(data, 'tls', 'ca.crt');
  const browser = new Browser(url, readFileSync(caFile, 'utf8'));
  await browser.post('/sign-up', account);
  for (const { id, variables } of catalog) {
    await browser.post(
      `/credentials/${id}`,
      Object.fromEntries(
        variables
          .filter(({ optional }) => optional === undefined)
          .map(({ name, kind, example }) => [name, kind === 'json' ? serviceAccount() : example]),
      ),
    );
  }
  return {
    url,
    caSha256,
    caFile,
    async approve(userCode) {
      await browser.post('/device', { user_code: userCode });
      await browser.post('/device/confirm', { action: 'approve' });
    },
  };
}

async function firstLine(child: ChildProcess): Promise<{ url: string; caSha256: string }> {
  if (child.stdout === null) throw new Error('the dashboard has no output');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error('the dashboard did not start: run `synsc dashboard` to see why');
}

/** Fills in forms as a person would, with one cookie. */
class Browser {
  readonly #url: string;
  readonly #ca: string;
  #cookie = '';

  constructor(url: string, ca: string) {
    this.#url = url;
    this.#ca = ca;
  }

  post(to: string, fields: Record<string, string>): Promise<void> {
    const body = new URLSearchParams(fields).toString();
    return new Promise((resolve, reject) => {
      const call = request(new URL(to, this.#url), {
        method: 'POST',
        ca: this.#ca,
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          origin: this.#url,
          cookie: this.#cookie,
        },
      });
      call.once('error', reject);
      call.once('response', (response) => {
        const [cookie] = response.headers['set-cookie'] ?? [];
        if (cookie !== undefined) this.#cookie = cookie.split(';')[0] ?? '';
        response.resume();
        if (response.statusCode === 200) response.once('end', resolve);
        else reject(new Error(`the dashboard refused ${to} (${response.statusCode})`));
      });
      call.end(body);
    });
  }
}

/** A key that opens nothing: made here and now, and known to nobody. */
function serviceAccount(): string {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return JSON.stringify({
    type: 'service_account',
    project_id: 'demo-project',
    private_key_id: '0123456789abcdef0123456789abcdef01234567',
    private_key: privateKey,
    client_email: 'demo@demo-project.iam.gserviceaccount.com',
    token_uri: 'https://oauth2.googleapis.com/token',
  });
}
