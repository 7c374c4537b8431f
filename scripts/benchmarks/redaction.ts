import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Secret } from '../../src/secret.ts';
import { RedactionStream } from '../../src/supervisor/redaction/stream.ts';
import { RedactionTable } from '../../src/supervisor/redaction/table.ts';

const CHUNK = 64 * 1024;
const TOTAL = 64 * 1024 * 1024;
const HIT_EVERY = 4096;
const VALUES = Array.from(
  { length: 20 },
  (_, index) =>
    `hf_${createHash('sha256').update(`fake ${index}`).digest('base64url').slice(0, 34)}`,
);

type Engine = (chunk: Buffer) => void;

/** Prints MB per CPU-second of the redactor and of plainer ways, on log text without and with values. */
export async function run(): Promise<void> {
  const clean = logText();
  const inputs = { clean, 'hit each 4 KB': withHits(clean) };
  for (const [engine, work] of Object.entries(engines())) {
    for (const [input, chunk] of Object.entries(inputs)) {
      console.log(`${engine.padEnd(14)} ${input.padEnd(14)} ${rate(work, chunk).toFixed(0)} MB/s`);
    }
  }
}

function engines(): Record<string, Engine> {
  const table = RedactionTable.build(
    VALUES.map((value, index) => ({
      name: `V${index}`,
      secret: new Secret(Buffer.from(value)),
      kind: 'text',
      publicPrefixes: ['hf_'],
    })),
  );
  const ignore = () => undefined;
  const stream = new RedactionStream(table, { mode: 'pipe', emit: ignore, onHit: ignore });
  const target = Buffer.alloc(CHUNK);
  const needles = VALUES.map((value) => Buffer.from(value));
  const alternation = new RegExp(VALUES.join('|'), 'g');
  return {
    redactor: (chunk) => stream.write(chunk),
    memcpy: (chunk) => void chunk.copy(target),
    indexOf: (chunk) => {
      for (const needle of needles) {
        for (let at = chunk.indexOf(needle); at >= 0; at = chunk.indexOf(needle, at + 1));
      }
    },
    regex: (chunk) => void chunk.toString('latin1').replace(alternation, '[REDACTED]'),
  };
}

/** Best of three passes. */
function rate(engine: Engine, chunk: Buffer): number {
  let best = 0;
  for (let pass = 0; pass < 3; pass++) {
    const before = process.cpuUsage();
    for (let done = 0; done < TOTAL; done += CHUNK) engine(chunk);
    const { user, system } = process.cpuUsage(before);
    best = Math.max(best, TOTAL / (user + system));
  }
  return best;
}

function logText(): Buffer {
  let text = '';
  for (let line = 0; text.length < CHUNK; line++) {
    const id = createHash('sha1').update(String(line)).digest('hex');
    text += `2026-01-01T00:00:00Z INFO step=${line} commit=${id} loss=0.${id.slice(0, 4)} path=/home/he/half_the/checkpoint\n`;
  }
  return Buffer.from(`${text.slice(0, CHUNK - 1)}\n`);
}

function withHits(clean: Buffer): Buffer {
  const hit = Buffer.from(clean);
  for (let at = 0, index = 0; at + HIT_EVERY <= hit.length; at += HIT_EVERY, index++) {
    hit.write(VALUES[index % VALUES.length] ?? '', at + 100);
  }
  return hit;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await run();
