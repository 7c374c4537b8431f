import { release, secretBuffer } from '../../platform/pages.ts';
import { ascii, codePointForms } from './codePoints.ts';

const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE64_SKIP = [0, 2, 3] as const;

/** One way to write bytes down; `publicPrefix` leading bytes of the source say nothing secret. */
export interface Encoded {
  readonly bytes: Buffer;
  /** How many leading bytes the public prefix of the source alone determines. */
  readonly publicPrefix: number;
  /** The same for what stands before each mark. */
  readonly marks: readonly number[];
  /** Two digits a byte. */
  readonly hex: boolean;
}

/**
 * Every registered spelling of `value`, the value itself first: base64 and base64url in three
 * alignments, hex, percent-encoding (RFC 3986 and its usual deviations), string escapes of JSON and
 * its writers, HTML and XML, doubled dollars, hex digits in the other case. The results are fresh buffers,
 * no two alike. `marks` are offsets in the value that are asked for in each spelling.
 */
export function encodingsOf(
  value: Buffer,
  publicPrefix: number,
  marks: readonly number[] = [],
): Encoded[] {
  return [
    { bytes: Buffer.from(value), publicPrefix, marks, hex: false },
    ...base64Forms(value, publicPrefix, marks),
    ...spellingsFor(value).map((spell) => ({
      bytes: spelled(value, spell),
      publicPrefix: spelledLength(value.subarray(0, publicPrefix), spell),
      marks: marks.map((mark) => spelledLength(value.subarray(0, mark), spell)),
      hex: HEX_SPELLINGS.includes(spell),
    })),
    // of such a value only the whole counts
    ...codePointForms(value).map((bytes) => ({ bytes, publicPrefix: 0, marks: [], hex: false })),
  ];
}

/** Those that differ from the value, and from each other in the bytes that it has. */
function spellingsFor(value: Buffer): Spelling[] {
  const present = [...new Set(value)].sort();
  const known = new Set([present.join()]);
  const all = isHex(value) ? [...SPELLINGS, otherCase] : SPELLINGS;
  return all.filter((spell) => {
    const outcome = present.map((byte) => spell(byte).join(' ')).join();
    const isNew = !known.has(outcome);
    known.add(outcome);
    return isNew;
  });
}

/**
 * Base64 (RFC 4648 §4, §5) of a text in which `value` stands at offset 0, 1 or 2 modulo 3: the
 * characters that the value alone determines, and the ends with and without padding for a text that
 * ends with the value.
 */
function base64Forms(value: Buffer, publicPrefix: number, marks: readonly number[]): Encoded[] {
  return BASE64_SKIP.flatMap((skip, alignment) => {
    const shifted = secretBuffer(alignment + value.length);
    value.copy(shifted.fill(0, 0, alignment), alignment);
    const encoded = asciiBase64(shifted);
    const determined = Math.floor((8 * shifted.length) / 6);
    const ends = [determined, Math.ceil((8 * shifted.length) / 6), encoded.length];
    const known = (mark: number) => Math.max(0, Math.floor((8 * (alignment + mark)) / 6) - skip);
    const head = { publicPrefix: known(publicPrefix), marks: marks.map(known) };
    const forms = ends.flatMap((end) => {
      const standard = Buffer.from(encoded.subarray(skip, end));
      return [standard, urlAlphabet(standard)];
    });
    release(encoded);
    release(shifted);
    return forms.map((bytes) => ({ bytes, ...head, hex: false }));
  });
}

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/**
 * Base64 with padding, computed on bytes: an intermediate string could not be wiped. Nor could a small
 * array of `Buffer.alloc`: it is in the garbage-collected heap, which leaves copies where it moves things.
 */
function asciiBase64(source: Buffer): Buffer {
  const target = secretBuffer(4 * Math.ceil(source.length / 3)).fill('=');
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let from = 0; from < source.length; from += 1) {
    bits = ((bits << 8) | (source[from] as number)) & 0xffff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      target[at++] = ALPHABET[(bits >> held) & 63] as number;
    }
  }
  if (held > 0) target[at] = ALPHABET[(bits << (6 - held)) & 63] as number;
  return target;
}

function urlAlphabet(standard: Buffer): Buffer {
  // map() would make such an array too
  const url = Buffer.from(standard);
  for (let at = 0; at < url.length; at += 1) {
    if (url[at] === 0x2b) url[at] = 0x2d;
    else if (url[at] === 0x2f) url[at] = 0x5f;
  }
  return url;
}

/** The ASCII codes that stand for one byte. */
type Spelling = (byte: number) => readonly number[];

/** Plain loops: this runs once a session, before the compiler sees that it is worth its time. */
function spelled(value: Buffer, spell: Spelling): Buffer {
  const target = secretBuffer(6 * value.length);
  let length = 0;
  for (let at = 0; at < value.length; at += 1) {
    const codes = spell(value[at] as number);
    for (let code = 0; code < codes.length; code += 1) target[length++] = codes[code] as number;
  }
  const result = Buffer.from(target.subarray(0, length));
  release(target);
  return result;
}

function spelledLength(value: Buffer, spell: Spelling): number {
  let length = 0;
  for (let at = 0; at < value.length; at += 1) length += spell(value[at] as number).length;
  return length;
}

/** Remembers what it spelled: all 256 bytes of all spellings would take longer than a session's start. */
function bytewise(spell: Spelling): Spelling {
  const table: (readonly number[])[] = [];
  return (byte) => {
    table[byte] ??= spell(byte);
    return table[byte] as readonly number[];
  };
}

const hexOf = (byte: number, upper: boolean) => {
  const digits = byte.toString(16).padStart(2, '0');
  return ascii(upper ? digits.toUpperCase() : digits);
};

function percent(kept: string, upper: boolean, space?: string): Spelling {
  const keep = new Set(ascii(UNRESERVED + kept));
  return bytewise((byte) => {
    if (space !== undefined && byte === 0x20) return ascii(space);
    return keep.has(byte) ? [byte] : [0x25, ...hexOf(byte, upper)];
  });
}

/** String escapes of RFC 8259 §7, as every JSON writer produces them. */
function jsonEscape(byte: number): readonly number[] {
  if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) return [byte];
  return ascii(JSON.stringify(String.fromCharCode(byte)).slice(1, -1));
}

/** `\u00XX` for some bytes (what Go, Gson, .NET, Python and Java escape), the rest as JSON. */
function unicodeEscape(escaped: string, upper: boolean): Spelling {
  const set = new Set(ascii(escaped));
  return bytewise((byte) =>
    set.has(byte) ? [...ascii('\\u00'), ...hexOf(byte, upper)] : jsonEscape(byte),
  );
}

/** Character references of HTML and XML. */
function references(table: Readonly<Record<string, string>>): Spelling {
  return bytewise((byte) => {
    const reference = table[String.fromCharCode(byte)];
    return reference === undefined ? [byte] : ascii(reference);
  });
}

/** What every writer escapes, by number. */
function numbered(reference: (code: number) => string): Record<string, string> {
  const all = [...'&<>"\''];
  return Object.fromEntries(all.map((one) => [one, reference(one.charCodeAt(0))]));
}

const MARKUP = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Two digits a byte. */
const HEX_SPELLINGS: readonly Spelling[] = [
  bytewise((byte) => hexOf(byte, false)),
  bytewise((byte) => hexOf(byte, true)),
];
const SPELLINGS: readonly Spelling[] = [
  ...HEX_SPELLINGS,
  percent('', true),
  percent('', false),
  percent('/', true),
  percent("!'()*", true),
  percent('', true, '+'),
  bytewise(jsonEscape),
  ...['<>&', "<>&'", '"&\'+<>`', '+/=', '='].flatMap((set) => [
    unicodeEscape(set, false),
    unicodeEscape(set, true),
  ]),
  references(MARKUP),
  references({ ...MARKUP, '"': '&quot;', "'": '&#39;' }),
  references({ ...MARKUP, '"': '&#34;', "'": '&#x27;' }),
  references({ ...MARKUP, '+': '&#43;', '"': '&#34;', "'": '&#39;' }),
  references({
    ...MARKUP,
    '/': '&#x2F;',
    '=': '&#x3D;',
    '`': '&#x60;',
    '"': '&quot;',
    "'": '&#39;',
  }),
  references({ ...MARKUP, '/': '&#47;' }),
  references(numbered((code) => `&#${code};`)),
  references(numbered((code) => `&#x${code.toString(16).toUpperCase()};`)),
  bytewise((byte) => (byte === 0x24 ? [0x24, 0x24] : [byte])),
  // what is not ASCII, as Python, C and shells write it
  bytewise((byte) => (byte < 0x80 ? [byte] : [...ascii('\\x'), ...hexOf(byte, false)])),
  bytewise((byte) => (byte < 0x80 ? [byte] : [...ascii('\\x'), ...hexOf(byte, true)])),
  bytewise((byte) => (byte < 0x80 ? [byte] : ascii(`\\${byte.toString(8)}`))),
];

/** Hex digits in the other case, for a value of nothing else. */
const otherCase = bytewise((byte) => (isLetter(byte) ? [byte ^ 0x20] : [byte]));

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66;
}

/** Whether bytes are hex digits and nothing else. */
export function isHex(bytes: Buffer): boolean {
  return bytes.every((byte) => (byte >= 0x30 && byte <= 0x39) || isLetter(byte));
}
