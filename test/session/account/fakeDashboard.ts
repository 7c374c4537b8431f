import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateSealingKeys } from '../../../protocol/dashboard/sealing.ts';
import { openTls } from '../../../src/dashboard/tls.ts';

/** What a real dashboard cannot be made to do: end the connection, fail, or answer for ever. */
export type Fault =
  | 'drop'
  | 'drip'
  | { status: number; body: unknown; headers?: Record<string, string> };

export const pending: Fault = { status: 400, body: { error: 'authorization_pending' } };
export const slowDown: Fault = { status: 400, body: { error: 'slow_down' } };
export const broken: Fault = { status: 500, body: 'no JSON' };

const account = { id: '1', email: 'eve\u001b[2J@example.com' };

/** A TLS server with the routes of a sign-in; faults come first, in their order, a path at a time. */
export async function startFakeDashboard(faults: Record<string, Fault[]>) {
  const directory = mkdtempSync(path.join(tmpdir(), 'fake-'));
  const tls = await openTls(directory, ['localhost']);
  const asked: string[] = [];
  const server = createServer({ key: tls.key, cert: tls.certificate }, (request, response) => {
    const route = request.url ?? '';
    asked.push(route);
    answer(faults[route]?.shift() ?? usual(route, url), request, response);
  });
  let connections = 0;
  server.on('secureConnection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    url,
    ca: tls.caCertificate,
    caSha256: tls.caSha256,
    /** Paths in the order of the requests. */
    asked,
    /** How many there have been. */
    connections: () => connections,
    /** Ends those that are not in use, as it does with each after a while. */
    closeIdle: () => server.closeIdleConnections(),
    async close() {
      rmSync(directory, { recursive: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(what: Fault, request: IncomingMessage, response: ServerResponse): void {
  if (what === 'drop') request.socket.destroy();
  else if (what === 'drip') {
    const timer = setInterval(() => response.write(' '), 200);
    response.once('close', () => clearInterval(timer));
  } else response.writeHead(what.status, what.headers).end(JSON.stringify(what.body));
}

/** Of an older dashboard: it knows nothing of sessions. */
export function emptySync() {
  return { account, publicKey: generateSealingKeys().publicKey, credentials: [] };
}

function usual(route: string, url: string): Fault {
  const code = {
    device_code: 'device',
    user_code: 'BCDF-GHJK',
    verification_uri: `${url}/device`,
    expires_in: 900,
    interval: 0.05,
  };
  const bodies: Record<string, unknown> = {
    '/oauth/device_authorization': code,
    '/oauth/token': {
      access_token: 'synsc_EXAMPLE',
      token_type: 'Bearer',
      refresh_token: 'synsc_refresh.EXAMPLE',
    },
    '/oauth/revoke': {},
    '/api/cli/status': { account, credentials: [] },
    '/api/cli/sync': emptySync(),
    '/api/cli/sessions': { id: '1' },
    '/api/cli/sessions/1': {},
  };
  return { status: 200, body: bodies[route] };
}
