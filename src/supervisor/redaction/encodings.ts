import { release, secretBuffer } from '../../platform/pages.ts';
import { base64Forms, type Encoded } from './base64.ts';
import { KEPT } from './canonical.ts';
import { ascii, codePointForms } from './codePoints.ts';
import { isHex } from './hex.ts';

const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Every registered spelling of `value`, the value itself first: base64 and base64url in three
 * alignments, hex, percent-encoding (RFC 3986 and its usual deviations), string escapes of JSON and
 * its writers, HTML and XML, doubled dollars, hex digits in the other case. The results are fresh buffers,
 * no two alike but for base64. `marks` are offsets in the value that are asked for in each spelling.
 * `inPieces`: pieces of the value are found, so that no spelling is needed which begins another one, or
 * reads like another one in the canonical stream.
 */
export function encodingsOf(
  value: Buffer,
  publicPrefix: number,
  marks: readonly number[] = [],
  inPieces = false,
): Encoded[] {
  const present = [...new Set(value)];
  return [
    { bytes: Buffer.from(value), publicPrefix, marks, hex: false },
    ...base64Forms(value, publicPrefix, marks, inPieces),
    ...spellingsFor(value, present, inPieces).map((spelling) => {
      const { bytes, ends } = spelling.spell(value, present);
      const lengthOf = (mark: number) => ends[mark] as number;
      const head = { publicPrefix: lengthOf(publicPrefix), marks: marks.map(lengthOf) };
      return { bytes, ...head, hex: HEX_SPELLINGS.includes(spelling) };
    }),
    // of such a value only the whole counts
    ...codePointForms(value).map((bytes) => ({ bytes, publicPrefix: 0, marks: [], hex: false })),
  ];
}

/** Those that differ from the value, and from each other, in the bytes that it has. */
function spellingsFor(
  value: Buffer,
  present: readonly number[],
  inPieces: boolean,
): readonly Spelling[] {
  const known = new Set(['']);
  const isNew = (spelling: Spelling, bytes: readonly number[]) => {
    const outcome = changesBy(spelling, bytes, inPieces);
    return known.size < known.add(outcome).size;
  };
  const marks = present.filter((byte) => !isAlphanumeric(byte));
  return [
    ...HEX_SPELLINGS.filter((spelling) => isNew(spelling, present)),
    ...SPELLINGS.filter((spelling) => isNew(spelling, marks)),
    ...(isHex(value) && isNew(otherCase, present) ? [otherCase] : []),
  ];
}

/** What a spelling makes of the bytes that do not stand for themselves in it; all of it, or what is canonical. */
function changesBy(spelling: Spelling, present: readonly number[], canonical: boolean): string {
  let changes = '';
  for (const byte of present) {
    const codes = spelling.codes(byte);
    if (codes.length === 1 && codes[0] === byte) continue;
    const counted = canonical ? codes.filter((code) => KEPT[code] === 1) : codes;
    const isItself = canonical && counted.join() === (KEPT[byte] === 1 ? `${byte}` : '');
    if (!isItself) changes += `${byte}:${counted.join(' ')};`;
  }
  return changes;
}

/** The ASCII codes that stand for one byte. */
type Codes = (byte: number) => readonly number[];

/** Codes that stand for a byte at most, and before them how many. */
const ROW = 8;

/**
 * One way to spell bytes. What stands for those that a value has is written down in rows, all in one array:
 * this runs once a session, before the compiler sees that it is worth its time, and most of it is loops over rows.
 */
class Spelling {
  readonly codes: Codes;
  readonly #rows = new Uint8Array(256 * ROW);

  constructor(codes: Codes) {
    this.codes = codes;
  }

  /** A value of these bytes, and how long so many of its bytes are in this spelling. */
  spell(value: Buffer, present: readonly number[]): { bytes: Buffer; ends: Uint32Array } {
    for (const byte of present) this.#prepare(byte);
    const rows = this.#rows;
    const target = secretBuffer((ROW - 1) * value.length);
    const ends = new Uint32Array(value.length + 1);
    let length = 0;
    for (let at = 0; at < value.length; at += 1) {
      const row = ROW * (value[at] as number);
      const last = row + (rows[row] as number);
      for (let code = row + 1; code <= last; code += 1) target[length++] = rows[code] as number;
      ends[at + 1] = length;
    }
    const bytes = Buffer.from(target.subarray(0, length));
    release(target);
    return { bytes, ends };
  }

  #prepare(byte: number): void {
    if (this.#rows[ROW * byte] !== 0) return;
    const codes = this.codes(byte);
    this.#rows.set([codes.length, ...codes], ROW * byte);
  }
}

const hexOf = (byte: number, upper: boolean) => {
  const digits = byte.toString(16).padStart(2, '0');
  return ascii(upper ? digits.toUpperCase() : digits);
};

function percent(kept: string, upper: boolean, space?: string): Spelling {
  const keep = new Set(ascii(UNRESERVED + kept));
  return new Spelling((byte) => {
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
  return new Spelling((byte) =>
    set.has(byte) ? [...ascii('\\u00'), ...hexOf(byte, upper)] : jsonEscape(byte),
  );
}

/** Character references of HTML and XML. */
function references(table: Readonly<Record<string, string>>): Spelling {
  return new Spelling((byte) => {
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
  new Spelling((byte) => hexOf(byte, false)),
  new Spelling((byte) => hexOf(byte, true)),
];
/** None of these changes a letter or a digit. */
const SPELLINGS: readonly Spelling[] = [
  percent('', true),
  percent('', false),
  percent('/', true),
  percent("!'()*", true),
  percent('', true, '+'),
  new Spelling(jsonEscape),
  ...['<>&', "<>&'", '"&\'+<>`', '+/=', '='].flatMap((set) => [
    unicodeEscape(set, false),
    unicodeEscape(set, true),
  ]),
  references(MARKUP),
  ...["'", '&#39;', '&#x27;', '&#039;', '&apos;'].map((quote) =>
    references({ ...MARKUP, '"': '&quot;', "'": quote }),
  ),
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
  new Spelling((byte) => (byte === 0x24 ? [0x24, 0x24] : [byte])),
  // what is not ASCII, as Python, C and shells write it
  new Spelling((byte) => (byte < 0x80 ? [byte] : [...ascii('\\x'), ...hexOf(byte, false)])),
  new Spelling((byte) => (byte < 0x80 ? [byte] : [...ascii('\\x'), ...hexOf(byte, true)])),
  new Spelling((byte) => (byte < 0x80 ? [byte] : ascii(`\\${byte.toString(8)}`))),
];

/** Hex digits in the other case, for a value of nothing else. */
const otherCase = new Spelling((byte) => (isLetter(byte) ? [byte ^ 0x20] : [byte]));

function isAlphanumeric(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x7a);
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66;
}
