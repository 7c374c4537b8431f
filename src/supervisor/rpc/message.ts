import { SynscError } from '../../errors.ts';

/**
 * Levels of a message, objects and lists and members in it, and items of its lists: reading a megabyte of
 * brackets or of names takes V8 a tenth of a second and a hundred times their memory.
 */
const limits = { depth: 64, parts: 16_384, items: 65_536 };

/** What a message holds, which is JSON in UTF-8; or why it isn't read: PARSE_ERROR, INVALID_REQUEST, LIMIT. */
export function parseMessage(message: Uint8Array): unknown {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const { open, deepest, parts, commas } = measure(bytes);
  if (open !== 0) return notJson();
  if (deepest > limits.depth) {
    return new SynscError('INVALID_REQUEST', `a message has at most ${limits.depth} levels`);
  }
  if (parts > limits.parts || commas > limits.items) {
    const most = `${limits.parts} objects, lists and members, and ${limits.items} items`;
    return new SynscError('LIMIT', `a message has at most ${most}`);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return notJson();
  }
}

const notJson = () => new SynscError('PARSE_ERROR', 'not valid JSON in UTF-8');

/** What a byte outside of strings is; those of blanks, numbers and words count for nothing. */
const [nothing, quote, opens, closes, colon, comma] = [0, 1, 2, 3, 4, 5];
const kinds = new Uint8Array(256);
for (const [character, kind] of [
  ['"', quote],
  ['[', opens],
  ['{', opens],
  [']', closes],
  ['}', closes],
  [':', colon],
  [',', comma],
] as const) {
  kinds[character.charCodeAt(0)] = kind;
}

interface Measure {
  /** Brackets that are open at the end. */
  open: number;
  deepest: number;
  /** Objects, lists and members. */
  parts: number;
  commas: number;
}

/** What reading the JSON would cost, without reading it. */
function measure(bytes: Buffer): Measure {
  let [open, deepest, parts, commas] = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    const kind = kinds[bytes[at] as number];
    if (kind === nothing) continue;
    if (kind === quote) at = endOfString(bytes, at);
    else if (kind === closes) open -= 1;
    else if (kind === comma) commas += 1;
    else parts += 1;
    if (kind === opens) open += 1;
    if (open > deepest) deepest = open;
  }
  return { open, deepest, parts, commas };
}

/** Where the string that begins there ends. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1;
  return at;
}
