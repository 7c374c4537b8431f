import { isAscii } from 'node:buffer';
import type { Segment } from '../session/verbs.ts';

/** A line, and the encoding in which it is written: that of ASCII is the quicker one. */
export interface OutputLine {
  readonly text: string;
  readonly encoding: 'latin1' | 'utf8';
}

/** One `output` notification. Base64 needs no escape in JSON, and most other output no UTF-8. */
export function outputLine(
  processId: string,
  { stream, offset, data }: Segment,
  base64: boolean,
): OutputLine {
  const encoding = base64 || isAscii(data) ? 'latin1' : 'utf8';
  const json = base64 ? `"${data.toString('base64')}"` : JSON.stringify(data.toString(encoding));
  const head = JSON.stringify({ processId, stream, offset }).slice(0, -1);
  const text = `{"jsonrpc":"2.0","method":"output","params":${head},"data":${json}}}\n`;
  return { text, encoding };
}
