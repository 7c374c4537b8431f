import { open, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { errors } from '../../../protocol/errors.ts';
import { SynscError } from '../../errors.ts';

/** What a dashboard does for a command that runs beside it, since it holds the embedded database. */
const order = z.discriminatedUnion('do', [
  z.object({ do: z.literal('backup'), path: z.string(), force: z.boolean() }),
  z.object({ do: z.literal('verify'), head: z.optional(z.string()) }),
  z.object({ do: z.literal('audit-head'), path: z.string(), force: z.boolean() }),
]);
export type Order = z.infer<typeof order>;

const answer = z.union([
  z.object({ result: z.unknown() }),
  z.object({
    error: z.object({
      code: z.enum(Object.keys(errors) as [keyof typeof errors]),
      message: z.string(),
      hint: z.string(),
    }),
  }),
]);

const name = 'control';
const longest = 16 * 1024;

/**
 * Serves orders on the Unix socket `data`/control, one a connection, one JSON line each way. Whoever
 * may enter the directory (0700) may order.
 */
export async function serveControl(
  data: string,
  carryOut: (order: Order) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const path = join(data, name);
  await rm(path, { force: true });
  const server = createServer((socket) => void serve(socket, carryOut));
  // through the directory's descriptor: a socket's path has at most 107 bytes
  const directory = await open(data, 'r');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(join(`/proc/self/fd/${directory.fd}`, name), resolve);
  });
  return async () => {
    server.close();
    await rm(path, { force: true });
    await directory.close();
  };
}

async function serve(socket: Socket, carryOut: (order: Order) => Promise<unknown>): Promise<void> {
  socket.on('error', () => {
    socket.destroy();
  });
  const reply = (value: object) => socket.end(`${JSON.stringify(value)}\n`);
  try {
    reply({ result: await carryOut(order.parse(JSON.parse(await readLine(socket)))) });
  } catch (error) {
    const { code, message, hint } =
      error instanceof SynscError ? error : new SynscError('INTERNAL', 'the dashboard failed');
    reply({ error: { code, message, hint } });
  }
}

/** Has the dashboard of `data` carry out an order. Its refusals are thrown here. */
export async function orderFrom(data: string, wanted: Order): Promise<unknown> {
  const directory = await open(data, 'r');
  try {
    const socket = connect(join(`/proc/self/fd/${directory.fd}`, name));
    socket.write(`${JSON.stringify(wanted)}\n`);
    const got = answer.parse(JSON.parse(await readLine(socket)));
    if (!('error' in got)) return got.result;
    const { code, message, hint } = got.error;
    throw new SynscError(code, message, { hint });
  } catch (cause) {
    if (cause instanceof SynscError) throw cause;
    throw new SynscError('CONFLICT', 'the dashboard that uses this directory does not answer', {
      cause,
      hint: 'stop it and try again',
    });
  } finally {
    await directory.close();
  }
}

async function readLine(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > longest) break;
  }
  throw new Error('no line came');
}
