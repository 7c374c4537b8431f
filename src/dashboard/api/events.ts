import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  eventsPath,
  heartbeat,
  streamLifetime,
  streamsPerAccount,
} from '../../../protocol/dashboard/events.ts';
import { SynscError } from '../../errors.ts';
import type { FindToken } from '../auth/accessTokens.ts';
import { bearerUser } from '../auth/bearer.ts';
import { hashToken } from '../auth/token.ts';
import type { Context } from '../store/context.ts';

/** Streams are visited in turns, so that their heartbeats do not come all at once. */
const turns = 10;
/** Heartbeats between two looks at whether the token still lives, and until a stream ends. */
const beatsPerLook = 3;
const beatsPerLife = streamLifetime / heartbeat;
/** Bytes that a client may leave unread. */
const mostUnread = 64 * 1024;

/** The stream of `protocol/dashboard/events.ts`. */
export function registerEvents(app: FastifyInstance, context: Context, find: FindToken): void {
  const streams = new Set<EventStream>();
  let turn = 0;
  const clock = setInterval(
    () => {
      turn = (turn + 1) % turns;
      for (const stream of streams) if (stream.turn === turn) stream.beat();
    },
    (heartbeat * 1000) / turns,
  ).unref();
  app.addHook('preClose', async () => {
    clearInterval(clock);
    for (const stream of streams) stream.end();
  });

  // without HEAD, which would stay open
  app.get(eventsPath, { exposeHeadRoute: false }, async (request, reply) => {
    const { id: user } = bearerUser(request);
    const own = [...streams].filter((stream) => stream.user === user).length;
    if (own >= streamsPerAccount) {
      throw new SynscError('LIMIT', 'this account has too many event streams open');
    }
    reply.hijack();
    const stream = new EventStream(context, find, reply.raw, {
      user,
      token: tokenHash(request),
      version: versionHeld(request),
    });
    streams.add(stream);
    reply.raw.once('close', () => {
      streams.delete(stream);
      stream.close();
    });
    stream.open();
    return reply;
  });
}

interface Subscriber {
  readonly user: string;
  readonly token: Buffer;
  /** The version that the client holds already. */
  readonly version: number | undefined;
}

class EventStream {
  readonly user: string;
  readonly turn = Math.floor(Math.random() * turns);
  readonly #context: Context;
  readonly #find: FindToken;
  readonly #token: Buffer;
  readonly #answer: ServerResponse;
  #unsubscribe: () => void = () => undefined;
  #version: number | undefined;
  #wanted = false;
  #looking = false;
  #beats = 0;

  constructor(
    context: Context,
    find: FindToken,
    answer: ServerResponse,
    { user, token, version }: Subscriber,
  ) {
    this.user = user;
    this.#context = context;
    this.#find = find;
    this.#answer = answer;
    this.#token = token;
    this.#version = version;
  }

  /** Subscribes before it looks, so that no change falls in between. */
  open(): void {
    this.#answer.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    this.#answer.write(': synsc\n\n');
    this.#unsubscribe = this.#context.changes.subscribe(this.user, (topic) => {
      if (topic !== 'sessions') void this.#lookAgain();
    });
    void this.#lookAgain();
  }

  beat(): void {
    this.#beats += 1;
    if (this.#beats > beatsPerLife || this.#answer.writableLength > mostUnread) {
      this.end();
      return;
    }
    this.#answer.write(':\n\n');
    if (this.#beats % beatsPerLook === 0) void this.#lookAgain();
  }

  end(): void {
    this.close();
    this.#answer.end();
  }

  /** The client is gone. */
  close(): void {
    this.#unsubscribe();
  }

  /** One look at a time; what comes meanwhile is looked at next. */
  async #lookAgain(): Promise<void> {
    this.#wanted = true;
    if (this.#looking) return;
    this.#looking = true;
    while (this.#wanted && !this.#answer.writableEnded) {
      this.#wanted = false;
      await this.#look();
    }
    this.#looking = false;
  }

  async #look(): Promise<void> {
    try {
      const token = await this.#find(this.#token);
      if (token) this.#tell(token.version);
      else await this.#endStream();
    } catch {
      // the database is away: the client comes back and hears what it missed
      this.end();
    }
  }

  /** An access token lives an hour at most: that it ran out is no sign-out. */
  async #endStream(): Promise<void> {
    const { store } = this.#context;
    const [token] = await store.ask<{ state: string }>('tokenState', [this.#token]);
    if (token?.state !== 'expired') this.#send('signed-out', {});
    this.end();
  }

  #tell(version: number): void {
    if (version === this.#version) return;
    this.#version = version;
    this.#send('credentials', { version }, version);
  }

  #send(event: string, data: object, id?: number): void {
    if (this.#answer.writableEnded) return;
    const lines = [...(id === undefined ? [] : [`id: ${id}`]), `event: ${event}`];
    this.#answer.write(`${[...lines, `data: ${JSON.stringify(data)}`].join('\n')}\n\n`);
  }
}

function tokenHash(request: FastifyRequest): Buffer {
  return hashToken((request.headers.authorization ?? '').replace(/^Bearer +/i, ''));
}

function versionHeld(request: FastifyRequest): number | undefined {
  const asked = (request.query as Record<string, unknown>).version;
  const text = request.headers['last-event-id'] ?? asked;
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
