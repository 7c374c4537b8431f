import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createParser } from 'eventsource-parser';
import { credentialsEvent, heartbeat } from '../../protocol/dashboard/events.ts';
import { SynscError } from '../errors.ts';
import type { DashboardClient } from './dashboard-client.ts';

/** Milliseconds before the next try: doubled after each failure, up to a limit. */
const waits = { least: 500, most: 60_000 };
/** Milliseconds between two syncs where the dashboard has no stream for us. */
const pollInterval = 60_000;

/** What a session does with the news of its account. */
export interface Follower {
  /** Version of the credentials that it holds. */
  version(): number | undefined;
  /** Gets the latest; rejects with NOT_SIGNED_IN when the sign-in has ended. */
  sync(): Promise<void>;
}

/** Keeps a session up to date until the returned function is called. It never rejects. */
export function followAccount(client: DashboardClient, follower: Follower): () => void {
  const closing = new AbortController();
  void follow(client, follower, closing.signal);
  return () => closing.abort();
}

async function follow(
  client: DashboardClient,
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  let wait = waits.least;
  while (!signal.aborted) {
    const heard = await hear(client, follower, signal).catch((error: unknown) =>
      isSignedOut(error) ? 'signed out' : 'failed',
    );
    if (heard === 'signed out') return;
    wait = heard === 'failed' ? Math.min(2 * wait, waits.most) : waits.least;
    if (heard === 'no stream') {
      await pause(pollInterval, signal);
      // what fails is tried again, and the session keeps what it has
      if (!signal.aborted) await follower.sync().catch(() => undefined);
    } else await pause(wait * (0.5 + Math.random()), signal);
  }
}

function isSignedOut(error: unknown): boolean {
  return error instanceof SynscError && error.code === 'NOT_SIGNED_IN';
}

/** Whoever waits here is woken by an end, and keeps no process alive. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}

/** One stream, to its end. */
async function hear(
  client: DashboardClient,
  follower: Follower,
  signal: AbortSignal,
): Promise<'ended' | 'no stream'> {
  const stream = await client.events(follower.version(), signal);
  if (stream === undefined) return 'no stream';
  let work = Promise.resolve();
  const sync = () => {
    work = work.then(() => follower.sync());
    work.catch(() => void stream.destroy()); // told below
  };
  const parser = createParser({
    onEvent({ event, data }) {
      // a sync tells for certain
      if (event === 'signed-out') sync();
      if (event === 'credentials' && isNews(data, follower)) sync();
    },
  });
  await read(stream, (text) => parser.feed(text));
  await work;
  return 'ended';
}

function isNews(data: string, follower: Follower): boolean {
  const news: unknown = JSON.parse(data);
  return !credentialsEvent(news) || news.version !== follower.version();
}

/** Ends also after three heartbeats of silence. */
async function read(stream: Readable, take: (text: string) => void): Promise<void> {
  const silence = setTimeout(() => void stream.destroy(), 3 * heartbeat * 1_000).unref();
  stream.setEncoding('utf8');
  try {
    for await (const text of stream) {
      silence.refresh();
      take(text as string);
    }
  } catch (error) {
    // a lost connection is an end as any other; what cannot be read is not
    if (!stream.destroyed || error instanceof SyntaxError) throw error;
  } finally {
    clearTimeout(silence);
  }
}
