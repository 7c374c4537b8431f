/**
 * A log printed by `cat` in a terminal, through the reader of the session: with redaction (20 values in all
 * their forms) beside the same terminal without. Interleaved rounds; the best of each counts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { Secret } from '../../src/secret.ts';
import type { startChild } from '../../src/supervisor/process/child.ts';
import type { RedactionStream } from '../../src/supervisor/redaction/stream.ts';
import type { RedactionTable } from '../../src/supervisor/redaction/table.ts';
import { logText, VALUES } from './redaction.ts';

const rounds = 5;
const bytes = 64 * 1024 * 1024;
/** Part of the bare terminal's speed that has to be left. */
const target = 0.9;

interface Rooms {
  readonly startChild: typeof startChild;
  readonly RedactionTable: typeof RedactionTable;
  readonly RedactionStream: typeof RedactionStream;
}

export async function run(): Promise<void> {
  const place = mkdtempSync(path.join(tmpdir(), 'b-'));
  try {
    const log = path.join(place, 'log');
    writeFileSync(log, Buffer.alloc(bytes, logText()));
    const rooms = await bundled();
    const bare: number[] = [];
    const redacted: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await megabytesPerSecond(rooms, log, () => undefined));
      const stream = streamOf(rooms);
      redacted.push(await megabytesPerSecond(rooms, log, (chunk) => void stream.write(chunk)));
    }
    const [without, having] = [Math.max(...bare), Math.max(...redacted)];
    const ratio = having / without;
    console.log(`terminal alone          ${without.toFixed(0).padStart(6)} MB/s`);
    console.log(`terminal with redaction ${having.toFixed(0).padStart(6)} MB/s`);
    const verdict = ratio >= target ? 'met' : 'MISSED';
    console.log(`ratio                     ${ratio.toFixed(2)}       target ${target}: ${verdict}`);
    if (ratio < target) process.exitCode = 1;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** As it is shipped: the loader of the development tree would measure itself. */
async function bundled(): Promise<Rooms> {
  const outfile = path.join(import.meta.dirname, `../../.cache/pty-${process.pid}.mjs`);
  const contents = ['process/child.ts', 'redaction/table.ts', 'redaction/stream.ts']
    .map((file) => `export * from './${file}';`)
    .join('\n');
  const resolveDir = path.join(import.meta.dirname, '../../src/supervisor');
  try {
    await build({
      stdin: { contents, resolveDir },
      ...{ bundle: true, format: 'esm', platform: 'node', packages: 'external', outfile },
    });
    return (await import(pathToFileURL(outfile).href)) as Rooms;
  } finally {
    rmSync(outfile, { force: true });
  }
}

function streamOf({ RedactionTable: Table, RedactionStream: Stream }: Rooms): RedactionStream {
  const needles = VALUES.map((value, index) => ({
    name: `V${index}`,
    secret: new Secret(Buffer.from(value)),
    kind: 'text' as const,
    publicPrefixes: ['hf_'],
  }));
  const ignore = () => undefined;
  return new Stream(Table.build(needles), { mode: 'tty', emit: ignore, onHit: ignore });
}

function megabytesPerSecond(
  rooms: Rooms,
  log: string,
  take: (chunk: Buffer) => void,
): Promise<number> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let count = 0;
    const child = rooms.startChild({
      ...{ file: '/bin/cat', args: [log], cwd: '/', env: { PATH: '/usr/bin:/bin' } },
      ...{ values: Buffer.alloc(0), stdin: 'none', tty: { columns: 80, rows: 24 } },
      onData: (_stream, chunk) => {
        count += chunk.length;
        take(chunk);
      },
      onExit: () => {
        child.close();
        resolve(count / 1_000 / (performance.now() - begun));
      },
    });
  });
}
