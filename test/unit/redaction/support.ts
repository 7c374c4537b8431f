import xterm from '@xterm/headless';
import { Secret } from '../../../src/secret.ts';
import type { Needle } from '../../../src/supervisor/redaction/needles.ts';
import { RedactionStream, type StreamMode } from '../../../src/supervisor/redaction/stream.ts';
import { RedactionTable } from '../../../src/supervisor/redaction/table.ts';

const { Terminal } = xterm;

export const TOKEN = 'hf_FakeAbCdEfGhIjKlMnOpQrStUvWxYz0123';

export function needle(
  value: string,
  name = 'HF_TOKEN',
  publicPrefixes: readonly string[] = ['hf_'],
): Needle {
  return { name, secret: new Secret(Buffer.from(value)), kind: 'text', publicPrefixes };
}

export function tableOf(...values: string[]): RedactionTable {
  return RedactionTable.build(values.map((value, index) => needle(value, `V${index}`)));
}

/** A stream with what it emitted, its hits, and the moment of each emission. */
export function recorder(table: RedactionTable, mode: StreamMode = 'pipe') {
  const out: Buffer[] = [];
  const hits: string[] = [];
  const stream = new RedactionStream(table, {
    mode,
    emit: (bytes) => {
      out.push(Buffer.from(bytes));
    },
    onHit: (name) => {
      hits.push(name);
    },
  });
  return {
    stream,
    hits,
    bytes: () => Buffer.concat(out),
    text: () => Buffer.concat(out).toString(),
  };
}

/** The output for `input` cut at `cuts` (offsets, any order). */
export function run(
  table: RedactionTable,
  input: Buffer,
  cuts: readonly number[] = [],
  mode: StreamMode = 'pipe',
) {
  const recorded = recorder(table, mode);
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= from || cut >= input.length) continue;
    recorded.stream.write(input.subarray(from, cut));
    from = cut;
  }
  recorded.stream.write(input.subarray(from));
  recorded.stream.end();
  return recorded;
}

export const everyByte = (input: Buffer) => Array.from(input, (_, index) => index);

/** What a complete text must become: the union of overlapping occurrences, found one by one. */
export function naive(values: readonly string[], input: string): string {
  const spans: [number, number][] = [];
  for (let at = 0; at < input.length; at++) {
    for (const value of values) {
      if (input.startsWith(value, at)) spans.push([at, at + value.length]);
    }
  }
  let out = '';
  let end = 0;
  for (const [start, stop] of spans) {
    if (start >= end) out += `${input.slice(end, start)}[REDACTED]`;
    end = Math.max(end, stop);
  }
  return out + input.slice(end);
}

/** Made once for each size: a new one takes a tenth of a second. */
const terminals = new Map<number, InstanceType<typeof Terminal>>();

/** What a terminal of so many columns shows: its rows and the cursor. */
export async function screenOf(
  bytes: Buffer,
  cols = 200,
  rows = 30,
): Promise<{ text: string; cursor: [number, number] }> {
  const options = { cols, rows, scrollback: 0, allowProposedApi: true };
  const terminal = terminals.get(cols) ?? new Terminal(options);
  terminals.set(cols, terminal);
  // what was cut in an escape sequence ends (CAN)
  await new Promise<void>((resolve) => terminal.write('\u0018', resolve));
  terminal.reset();
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: rows }, (_, row) => active.getLine(row)?.translateToString());
  return { text: lines.join('\n'), cursor: [active.cursorX, active.cursorY] };
}
