import { REDACTED } from '../../../protocol/credential.ts';

export type StreamMode = 'pipe' | 'tty';

const MARKER = Buffer.from(REDACTED);
/** Cells below which the marker does not fit on a terminal. */
export const MARKER_CELLS = MARKER.length;

/** What is shown for `bytes`: on a terminal in the same number of cells, its line ends kept. */
export function mask(bytes: Buffer, mode: StreamMode): Buffer {
  if (mode === 'pipe') return MARKER;
  const wide = cells(bytes) >= MARKER_CELLS;
  if (!wide) return blank(bytes, 0x2a, 0);
  return Buffer.concat([MARKER, blank(bytes, 0x20, MARKER_CELLS)]);
}

/** What is shown for the rest of a value whose mask is out already. */
export function maskRest(bytes: Buffer, mode: StreamMode): Buffer {
  return mode === 'pipe' ? Buffer.alloc(0) : blank(bytes, 0x20, 0);
}

/** Terminal cells of `bytes`: UTF-8 continuation bytes and line ends take none. */
export function cells(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (isCell(byte)) count++;
  return count;
}

function isCell(byte: number): boolean {
  return (byte & 0xc0) !== 0x80 && !isLineEnd(byte);
}

function isLineEnd(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}

function blank(bytes: Buffer, filler: number, skippedCells: number): Buffer {
  let skip = skippedCells;
  const target: number[] = [];
  for (const byte of bytes) {
    if (isLineEnd(byte)) target.push(byte);
    else if (isCell(byte) && skip-- <= 0) target.push(filler);
  }
  return Buffer.from(target);
}
