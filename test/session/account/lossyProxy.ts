import type { IncomingMessage, request, ServerResponse } from 'node:http';
import { createServer, request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { openTls } from '../../../src/dashboard/tls.ts';
import type { TestDashboard } from '../../support/dashboard.ts';

/** Stands before a dashboard, with its certificate, and can lose the answers of a path. */
export async function startLossyProxy(dashboard: TestDashboard) {
  const tls = await openTls(path.join(dashboard.data, 'tls'), ['localhost']);
  const losing = { path: '', times: 0 };
  const asked: string[] = [];
  const server = createServer({ key: tls.key, cert: tls.certificate }, (incoming, outgoing) => {
    asked.push(incoming.url ?? '');
    forward(dashboard, incoming, outgoing, () => {
      if (incoming.url !== losing.path || losing.times === 0) return false;
      losing.times -= 1;
      return true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    /** Paths in the order of the requests. */
    asked,
    /** The dashboard does what the next `times` requests ask for, and nobody hears of it. */
    lose(path: string, times: number) {
      Object.assign(losing, { path, times });
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(
  { url, caCertificate }: TestDashboard,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  lost: () => boolean,
): void {
  const { method, headers } = incoming;
  const options = { method, headers, ca: caCertificate, agent: false as const };
  const call: ReturnType<typeof request> = secureRequest(
    new URL(incoming.url ?? '/', url),
    options,
    (answer) => {
      if (lost()) {
        answer.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
    },
  );
  call.once('error', () => incoming.socket.destroy());
  incoming.pipe(call);
}
