import type { FastifyInstance, FastifyReply } from 'fastify';
import { SynscError } from '../../errors.ts';
import type { Services, Topic } from '../services.ts';
import { type SignedIn, signedIn } from './request.ts';

/** Milliseconds between two signs of life, at each of which the sign-in is looked at again. */
const heartbeat = 15_000;
/** Streams that one account may have open: browsers allow six a host over HTTP/1.1. */
const most = 24;

/**
 * Serves `change` events (server-sent events) to signed-in browsers, each as soon as something of
 * `topic` has changed. They say nothing more: the page is asked for again.
 */
export function serveEvents(
  app: FastifyInstance,
  services: Services,
  path: string,
  topic: Topic,
): void {
  const open = new Map<string, number>();
  // without HEAD, which would stay open
  app.get(path, { exposeHeadRoute: false }, async (request, reply) => {
    const signed = await signedIn(services, request);
    if (!signed) throw new SynscError('NOT_SIGNED_IN', 'sign in first');
    const count = open.get(signed.user.id) ?? 0;
    if (count >= most) throw new SynscError('RATE_LIMITED', 'too many pages are open');
    open.set(signed.user.id, count + 1);
    stream(services, signed, reply, topic, () => {
      const left = (open.get(signed.user.id) ?? 1) - 1;
      if (left > 0) open.set(signed.user.id, left);
      else open.delete(signed.user.id);
    });
  });
}

function stream(
  services: Services,
  { user, cookie }: SignedIn,
  reply: FastifyReply,
  topic: Topic,
  closed: () => void,
): void {
  reply.hijack();
  const { raw } = reply;
  const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8' };
  raw.writeHead(200, headers as Record<string, string>);
  raw.write('retry: 3000\n\n');
  const stop = services.watch(user, (changed) => {
    if (changed === topic) raw.write('event: change\ndata:\n\n');
  });
  const beat = async () => {
    const still = await services.webUser(cookie).catch(() => undefined);
    if (raw.destroyed) return;
    if (still) raw.write(':\n\n');
    else raw.end();
  };
  const timer = setInterval(() => void beat(), heartbeat);
  raw.once('close', () => {
    clearInterval(timer);
    stop();
    closed();
  });
}
