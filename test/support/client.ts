import { request } from 'node:https';
import { PassThrough, type Readable } from 'node:stream';

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

/** What a person's browser and a machine do with a dashboard. */
export interface TestClient {
  ask(path: string, ask?: Ask): Promise<Answer>;
  form(path: string, fields: Record<string, string>, cookie?: string): Promise<Answer>;
  /** An answer that comes in pieces; it ends when the dashboard does. */
  stream(path: string, headers: Record<string, string>): Readable;
  /** Makes an account; returns its session cookie. */
  signUp(email: string): Promise<string>;
  putCredential(cookie: string, provider: string, values: Record<string, string>): Promise<Answer>;
  /** Signs a machine in; returns its bearer token. */
  completeDeviceFlow(cookie: string): Promise<string>;
}

export interface Address {
  readonly url: string;
  readonly caCertificate: string;
}

export function clientOf(dashboard: Address): TestClient {
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
    ask,
    form,
    stream: (path, headers) => openStream(dashboard, path, headers),
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
  };
}

export function tokenRequest(deviceCode: string): Record<string, string> {
  return {
    client_id: 'synsc-cli',
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: deviceCode,
  };
}

function send(dashboard: Address, path: string, what: Ask): Promise<Answer> {
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

function openStream(dashboard: Address, path: string, headers: Record<string, string>): Readable {
  const pieces = new PassThrough();
  const call = request(`${dashboard.url}${path}`, {
    ...{ headers, ca: dashboard.caCertificate, agent: false },
  });
  call.on('response', (response) => {
    response.on('error', () => pieces.end());
    response.pipe(pieces);
  });
  call.on('error', () => pieces.end());
  pieces.on('close', () => call.destroy());
  call.end();
  return pieces;
}
