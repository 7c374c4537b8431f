import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf, type Case, Corpus } from '../support/corpus/cases.ts';
import { type Clean, makeClean } from '../support/corpus/clean.ts';
import { deliveries } from '../support/corpus/deliveries.ts';
import { escapes, leak, readings } from '../support/corpus/leaks.ts';
import { play, screenOf } from '../support/corpus/run.ts';
import { OpenSession } from '../support/corpus/session.ts';
import { seeded } from '../support/corpus/values.ts';

const seed = Number(process.env.CORPUS_SEED ?? 11);
/** One of so many streams is played, all with `CORPUS_SHARE=1`. */
const share = Number(process.env.CORPUS_SHARE ?? 6);
const isPart = (_: unknown, at: number) => at % share === 0;

const corpus = new Corpus(seed);
let sessions: Record<Case['session'], OpenSession>;

async function open(kind: Case['session']): Promise<OpenSession> {
  const { file, env } = corpus.variables(kind);
  return OpenSession.start({ ...env }, (directory) => {
    const name = path.join(directory, 'google');
    writeFileSync(name, file);
    return { GOOGLE_APPLICATION_CREDENTIALS: name };
  });
}

beforeAll(async () => {
  sessions = { providers: await open('providers'), people: await open('people') };
});

afterAll(async () => {
  await sessions.providers.close();
  await sessions.people.close();
});

/** Does something to all of them, a few at a time. */
async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = items.filter(isPart);
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** What the terminal's line discipline makes of line ends. */
const cooked = (bytes: Buffer) =>
  Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');

test('of several hundred streams nobody could read a value, and everything around it is there', async () => {
  const faults: string[] = [];
  await eachOf(corpus.cases, async (item) => {
    const out = await play(sessions[item.session], item.writes, item.mode);
    const found = item.mode === 'tty' ? await onScreen(item, out) : inPipe(item, out);
    faults.push(
      ...found.map((fault) => `${item.says}: ${fault}\n  ${JSON.stringify(out.toString())}`),
    );
  });
  expect(faults).toEqual([]);
}, 240_000);

function inPipe(item: Case, out: Buffer): string[] {
  const faults = leaks(item, readings(out));
  const text = out.toString();
  let at = 0;
  for (const part of item.kept) {
    const found = text.indexOf(part, at);
    if (found < 0) faults.push(`lost ${JSON.stringify(part)}`);
    else at = found + part.length;
  }
  if (item.exactly !== undefined && text !== item.exactly) faults.push('is not what it must be');
  const before = escapes(bytesOf(item).toString('latin1'));
  if (escapes(out.toString('latin1')).join() !== before.join()) faults.push('lost a sequence');
  return faults;
}

async function onScreen(item: Case, out: Buffer): Promise<string[]> {
  const before = await screenOf(cooked(bytesOf(item)));
  const after = await screenOf(out);
  const faults = leaks(item, readings(out, after.rows));
  if (before.cursor !== after.cursor) faults.push(`cursor ${after.cursor} for ${before.cursor}`);
  const words = item.kept.flatMap((part) => part.match(/[\w.]{3,}/g) ?? []);
  for (const word of words) {
    const place = before.rows.join('').lastIndexOf(word);
    if (place >= 0 && !after.rows.join('').includes(word)) faults.push(`lost ${word}`);
  }
  return faults;
}

function leaks(item: Case, texts: readonly string[]): string[] {
  return item.values.flatMap((value) => {
    const piece = leak(value, texts);
    return piece === undefined ? [] : [`shows ${JSON.stringify(piece)} of ${value.name}`];
  });
}

test('the judge can read each of them where nothing is redacted', async () => {
  const blind: string[] = [];
  for (const item of corpus.cases.filter(isPart)) {
    const raw = bytesOf(item);
    const rows = item.mode === 'tty' ? (await screenOf(cooked(raw))).rows : undefined;
    if (leaks(item, readings(raw, rows)).length < item.values.length) blind.push(item.says);
  }
  expect(blind).toEqual([]);
}, 240_000);

test('output without any value comes back byte by byte', async () => {
  const random = seeded(seed);
  const names = Object.keys(deliveries);
  const clean = makeClean(seed, JSON.parse(corpus.google.json), corpus.google.pem);
  const plays = clean.flatMap((item, at) =>
    (['pipe', 'tty'] as const).map((mode) => {
      const session = at % 3 === 0 ? ('people' as const) : ('providers' as const);
      return { item, mode, session };
    }),
  );
  const changed: string[] = [];
  await eachOf(plays, async ({ item, mode, session }) => {
    const how = item.bytes.length > 20_000 ? 'whole' : names[Math.floor(random() * names.length)];
    if (mode === 'tty' && item.bytes.length > 200_000) return;
    const writes = deliveries[how ?? 'whole']?.(item.bytes, random) ?? [];
    const out = await play(sessions[session], writes, mode);
    if (!out.equals(mode === 'tty' ? cooked(item.bytes) : item.bytes)) {
      changed.push(`${session}, ${mode}, ${how}: ${difference(item, out)}`);
    }
  });
  expect(changed).toEqual([]);
}, 240_000);

function difference({ says, bytes }: Clean, out: Buffer): string {
  const at = bytes.findIndex((byte, place) => out[place] !== byte);
  return `${says} at ${at}: ${JSON.stringify(out.toString('utf8', Math.max(0, at - 20), at + 60))}`;
}
