import { RedactionStream } from './stream.ts';
import type { RedactionTable } from './table.ts';

/** A complete text, redacted; the same buffer when nothing was in it. */
export function redactBytes(table: RedactionTable, bytes: Buffer): Buffer {
  const out: Buffer[] = [];
  let hits = 0;
  const stream = new RedactionStream(table, {
    mode: 'pipe',
    emit: (safe) => {
      out.push(Buffer.from(safe));
    },
    onHit: () => {
      hits++;
    },
  });
  stream.write(bytes);
  stream.end();
  return hits === 0 ? bytes : Buffer.concat(out);
}

/** A complete text, redacted, for everything that is not output: results, errors, arguments, logs. */
export function redactText(table: RedactionTable, text: string): string {
  const bytes = Buffer.from(text);
  const safe = redactBytes(table, bytes);
  return safe === bytes ? text : safe.toString();
}
