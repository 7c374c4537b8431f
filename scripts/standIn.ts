/**
 * A dashboard for the trainings of `scripts/build.ts`: it answers the start and the end of a session, with one
 * obviously fake value.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generateSealingKeys, seal, sharedKey } from '../protocol/dashboard/sealing.ts';
import type { SyncRequest } from '../protocol/dashboard/sync.ts';
import { openTls } from '../src/dashboard/tls.ts';

const value = 'hf_EXAMPLEonlyNotARealTokenAbCdEf012345';
const account = { id: 'training', email: 'training@example.com' };

export async function startStandIn(directory: string) {
  const { key, certificate, caCertificate, caSha256 } = await openTls(directory, ['localhost']);
  const server = createServer({ key, cert: certificate }, (request, response) => {
    answer(request).then(
      (body) => response.end(JSON.stringify(body)),
      (error: Error) => response.destroy(error),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    settings: { dashboard: url, caSha256, ca: caCertificate },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const body = await text(request);
  return request.url === '/api/cli/sync' ? synced(JSON.parse(body) as SyncRequest) : {};
}

function synced({ publicKey }: SyncRequest) {
  const keys = generateSealingKeys();
  const field = { name: 'HF_TOKEN', version: 1 };
  const context = { accountId: account.id, ...field };
  const sealed = seal(sharedKey(keys, publicKey, 'dashboard'), Buffer.from(value), context);
  const shown = { provider: 'huggingface', masked: '••••2345', updatedAt: '2026-11-26T00:00:00Z' };
  return {
    ...{ account, publicKey: keys.publicKey, version: 1, session: { id: 'training' } },
    credentials: [{ ...field, ...shown, ...sealed }],
  };
}
