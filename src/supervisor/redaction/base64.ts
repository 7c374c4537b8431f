import { release, secretBuffer } from '../../platform/pages.ts';

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

/** Characters of a text in base64 that also depend on what stands before the value, by its alignment. */
const ofNeighbour = [0, 2, 3] as const;
const PLUS = 0x2b;
const SLASH = 0x2f;

/**
 * Base64 (RFC 4648 §4, §5) of a text in which `value` stands at offset 0, 1 or 2 modulo 3: the
 * characters that the value alone determines, and the ends with and without padding for a text that
 * ends with the value. With the last of these all have been found in pieces.
 */
export function base64Forms(
  value: Buffer,
  publicPrefix: number,
  marks: readonly number[] = [],
  inPieces = false,
): Encoded[] {
  return ofNeighbour.flatMap((skip, alignment) => {
    const shifted = secretBuffer(alignment + value.length);
    value.copy(shifted.fill(0, 0, alignment), alignment);
    const encoded = asciiBase64(shifted);
    const bits = 8 * shifted.length;
    const whole = inPieces ? [] : [Math.floor(bits / 6), Math.ceil(bits / 6)];
    const known = (mark: number) => Math.max(0, Math.floor((8 * (alignment + mark)) / 6) - skip);
    const head = { publicPrefix: known(publicPrefix), marks: marks.map(known) };
    const forms = [...whole, encoded.length].flatMap((end) => {
      const standard = Buffer.from(encoded.subarray(skip, end));
      return isAlikeInUrls(standard) ? [standard] : [standard, urlAlphabet(standard)];
    });
    release(encoded);
    release(shifted);
    return forms.map((bytes) => ({ bytes, ...head, hex: false }));
  });
}

function isAlikeInUrls(standard: Buffer): boolean {
  return !standard.includes(PLUS) && !standard.includes(SLASH);
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
    if (url[at] === PLUS) url[at] = 0x2d;
    else if (url[at] === SLASH) url[at] = 0x5f;
  }
  return url;
}
