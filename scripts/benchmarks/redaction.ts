/**
 * MB per CPU-second of the redactor, bundled as it is shipped, and of plainer ways that find values in
 * plain sight only; on log text without values, with one each 4 KB, and with colour before each word.
 */
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Secret } from '../../src/secret.ts';
import type { Needle } from '../../src/supervisor/redaction/needles.ts';
import type { RedactionStream } from '../../src/supervisor/redaction/stream.ts';
import type { RedactionTable } from '../../src/supervisor/redaction/table.ts';

const CHUNK = 64 * 1024;
/** A rate is the best of so many slices: what else runs on the machine can only make one slower. */
const SLICE = 64 * 1024 * 1024;
const SLICES = 12;
/** So many first tables, of which the best counts for the same reason. */
const TABLES = 7;
const HIT_EVERY = 4096;
const BYTES = 300_000;
const values = (count: number) =>
  Array.from(
    { length: count },
    (_, index) =>
      `hf_${createHash('sha256').update(`fake ${index}`).digest('base64url').slice(0, 34)}`,
  );
export const VALUES = values(20);
/** What is allowed, in the unit of its line. */
const targets: Record<string, number> = {
  'redactor clean': 250,
  'redactor hit each 4 KB': 200,
  'redactor colour': 100,
  'redactor, 1,000 values clean': 60,
};

type Engine = (chunk: Buffer) => void;
interface Room {
  readonly RedactionTable: typeof RedactionTable;
  readonly RedactionStream: typeof RedactionStream;
}

export async function run(): Promise<void> {
  const place = mkdtempSync(path.join(tmpdir(), 'b-'));
  const file = await bundled(place);
  firstTable(file);
  const room = (await import(pathToFileURL(file).href)) as Room;
  rmSync(place, { recursive: true, force: true });
  const clean = logText();
  const inputs: Record<string, Buffer> = {
    clean,
    'hit each 4 KB': withHits(clean),
    colour: coloured(clean),
  };
  for (const [engine, work] of Object.entries(engines(room))) {
    for (const [input, chunk] of Object.entries(inputs)) {
      report(`${engine} ${input}`, rate(work, chunk), 'MB/s');
    }
  }
  report('redactor, 1,000 values clean', rate(streamOf(room, values(1_000)), clean), 'MB/s');
  bytewise(room);
}

/** As it is shipped, in a file: the loader of the development tree would measure itself. */
async function bundled(place: string): Promise<string> {
  const source = path.join(import.meta.dirname, '../../src/supervisor/redaction');
  const outfile = path.join(place, 'redaction.mjs');
  const rooms = ['./table.ts', './stream.ts', '../../secret.ts'];
  const contents = rooms.map((room) => `export * from '${room}';`).join(' ');
  await build({
    stdin: { contents, resolveDir: source },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile,
  });
  return outfile;
}

function report(line: string, figure: number, unit: string): void {
  const target = targets[line];
  const verdict =
    target === undefined ? '' : `target ${target}: ${figure >= target ? 'met' : 'MISSED'}`;
  console.log(`${line.padEnd(34)} ${figure.toFixed(0).padStart(6)} ${unit}  ${verdict}`);
  if (target !== undefined && figure < target) process.exitCode = 1;
}

/** Ten credentials, a service account's key among them, each time by a process that has done nothing yet. */
function firstTable(file: string): void {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  const input = JSON.stringify([...VALUES.slice(0, 9), JSON.stringify(key)]);
  const times = Array.from({ length: TABLES }, () =>
    Number(execFileSync(process.execPath, ['-e', building, file], { input, encoding: 'utf8' })),
  );
  atMost('table of 10, one a key', Math.min(...times), 'ms', 60);
}

const building = `
import(process.argv[1]).then(({ RedactionTable, Secret }) => {
  const values = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  const needles = values.map((value, index) => ({
    name: 'V' + index,
    secret: new Secret(Buffer.from(value)),
    kind: index === 9 ? 'json' : 'text',
    publicPrefixes: ['hf_'],
  }));
  const start = performance.now();
  RedactionTable.build(needles);
  console.log(performance.now() - start);
});`;

function atMost(line: string, figure: number, unit: string, target: number): void {
  const verdict = `target ${target}: ${figure <= target ? 'met' : 'MISSED'}`;
  console.log(`${line.padEnd(34)} ${figure.toFixed(1).padStart(6)} ${unit}  ${verdict}`);
  if (figure > target) process.exitCode = 1;
}

function needleOf(value: string, index: number): Needle {
  const secret = new Secret(Buffer.from(value));
  return { name: `V${index}`, secret, kind: 'text', publicPrefixes: ['hf_'] };
}

function streamOf(room: Room, list: readonly string[]): Engine {
  const ignore = () => undefined;
  const options = { mode: 'pipe', emit: ignore, onHit: ignore } as const;
  const stream = new room.RedactionStream(room.RedactionTable.build(list.map(needleOf)), options);
  return (chunk) => void stream.write(chunk);
}

function bytewise(room: Room): void {
  const write = streamOf(room, VALUES);
  const text = logText();
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 3; pass += 1) {
    const start = performance.now();
    for (let at = 0; at < BYTES; at += 1) write(text.subarray(at % CHUNK, (at % CHUNK) + 1));
    best = Math.min(best, ((performance.now() - start) * 1_000) / BYTES);
  }
  atMost('write of one byte', best, 'µs', 2);
}

function engines(room: Room): Record<string, Engine> {
  const target = Buffer.alloc(CHUNK);
  const needles = VALUES.map((value) => Buffer.from(value));
  const alternation = new RegExp(VALUES.join('|'), 'g');
  return {
    redactor: streamOf(room, VALUES),
    memcpy: (chunk) => void chunk.copy(target),
    indexOf: (chunk) => {
      for (const needle of needles) {
        for (let at = chunk.indexOf(needle); at >= 0; at = chunk.indexOf(needle, at + 1));
      }
    },
    regex: (chunk) => void chunk.toString('latin1').replace(alternation, '[REDACTED]'),
    'Aho-Corasick': automaton(needles),
  };
}

/** A dense deterministic automaton: one table row of 256 a state. */
function automaton(needles: readonly Buffer[]): Engine {
  const states = needles.reduce((sum, { length }) => sum + length, 1);
  const next = new Int32Array(states * 256);
  const accepts = new Uint8Array(states);
  let used = 1;
  for (const needle of needles) {
    let state = 0;
    for (const byte of needle) {
      const known = next[state * 256 + byte] as number;
      if (known === 0) {
        next[state * 256 + byte] = used;
        used += 1;
      }
      state = next[state * 256 + byte] as number;
    }
    accepts[state] = 1;
  }
  const failure = new Int32Array(states);
  const queue = [...next.subarray(0, 256)].filter((state) => state > 0);
  for (const state of queue) {
    const fallback = (failure[state] as number) * 256;
    for (let byte = 0; byte < 256; byte += 1) {
      const follower = next[state * 256 + byte] as number;
      const instead = next[fallback + byte] as number;
      if (follower === 0) next[state * 256 + byte] = instead;
      else {
        failure[follower] = instead;
        queue.push(follower);
      }
    }
  }
  let state = 0;
  const found: number[] = [];
  return (chunk) => {
    found.length = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      state = next[state * 256 + (chunk[at] as number)] as number;
      if (accepts[state] === 1) found.push(at);
    }
  };
}

function rate(engine: Engine, chunk: Buffer): number {
  let best = 0;
  for (let slice = 0; slice < SLICES; slice++) {
    const before = process.cpuUsage();
    for (let done = 0; done < SLICE; done += CHUNK) engine(chunk);
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, SLICE / (user + system));
  }
  return best;
}

export function logText(): Buffer {
  let text = '';
  for (let line = 0; text.length < CHUNK; line++) {
    const id = createHash('sha1').update(String(line)).digest('hex');
    text += `2026-01-01T00:00:00Z INFO step=${line} commit=${id} loss=0.${id.slice(0, 4)} path=/home/he/half_the/checkpoint\n`;
  }
  return Buffer.from(`${text.slice(0, CHUNK - 1)}\n`);
}

function coloured(clean: Buffer): Buffer {
  const text = clean.toString().replace(/\S+/g, (word) => `\u001b[32m${word}\u001b[0m`);
  return Buffer.from(text.slice(0, CHUNK));
}

function withHits(clean: Buffer): Buffer {
  const hit = Buffer.from(clean);
  for (let at = 0, index = 0; at + HIT_EVERY <= hit.length; at += HIT_EVERY, index++) {
    hit.write(VALUES[index % VALUES.length] ?? '', at + 100);
  }
  return hit;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await run();
