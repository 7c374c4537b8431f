import { lengthOf } from './width.ts';

/** The bytes that stand for a character beyond ASCII; undefined where nothing can. */
type PointSpelling = (point: number) => readonly number[] | undefined;

/** The codes of a text of ASCII. */
export const ascii = (text: string) => [...Buffer.from(text)];
const unicode = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`;
const surrogates = (point: number) => [
  0xd800 + ((point - 0x10000) >> 10),
  0xdc00 + ((point - 0x10000) & 0x3ff),
];
/** Two, four or eight digits, as many as it takes. */
const shortest = (point: number) => {
  if (point < 0x100) return `\\x${point.toString(16)}`;
  return point < 0x10000 ? unicode(point) : `\\U${point.toString(16).padStart(8, '0')}`;
};
const upperDigits = (spelled: string) => spelled.slice(0, 2) + spelled.slice(2).toUpperCase();
const unicodes = (point: number) =>
  (point < 0x10000 ? [point] : surrogates(point)).map(unicode).join('');

const SPELLINGS: readonly PointSpelling[] = [
  (point) => ascii(unicodes(point)),
  (point) => ascii(unicodes(point).toUpperCase().replaceAll('U', 'u')),
  (point) => ascii(`&#${point};`),
  (point) => ascii(`&#x${point.toString(16)};`),
  (point) => ascii(`&#x${point.toString(16).toUpperCase()};`),
  // Python, YAML, Perl, Rust and its like
  (point) => ascii(shortest(point)),
  (point) => ascii(upperDigits(shortest(point))),
  (point) => ascii(`\\x{${point.toString(16)}}`),
  (point) => ascii(`\\u{${point.toString(16)}}`),
  // ISO 8859-1, and with the zero bytes that fall away UTF-16
  (point) => (point < 0x100 ? [point] : undefined),
];

/**
 * A value with characters beyond ASCII, spelled with each of them by its number: escapes of JSON, references
 * of HTML, ISO 8859-1. Nothing for a value without any, or which is no UTF-8.
 */
export function codePointForms(value: Buffer): Buffer[] {
  if (value.every((byte) => byte < 0x80)) return [];
  const points = codePoints(value);
  if (points === undefined) return [];
  return SPELLINGS.flatMap((spell) => {
    const spelled = points.map((point) => (point < 0x80 ? [point] : spell(point)));
    return spelled.includes(undefined)
      ? []
      : [Buffer.from(spelled.flatMap((codes) => codes ?? []))];
  });
}

function codePoints(value: Buffer): number[] | undefined {
  const points: number[] = [];
  for (let at = 0; at < value.length; ) {
    const length = lengthOf(value[at] as number);
    let point = (value[at] as number) & (length === 1 ? 0xff : 0xff >> (length + 1));
    if (length === 1 && point >= 0x80) return undefined;
    for (let more = 1; more < length; more += 1) {
      point = (point << 6) | ((value[at + more] as number) & 0x3f);
    }
    points.push(point);
    at += length;
  }
  return points;
}
