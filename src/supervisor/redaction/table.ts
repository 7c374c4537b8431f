import { type Form, formsOf, type Needle } from './needles.ts';
import { agreement, type Pattern, type Probe, probesFor } from './probe.ts';

/** `pattern` stands in the text at [start, end): whole, or as far as the text agrees. */
export interface Span {
  readonly pattern: Pattern;
  readonly start: number;
  readonly end: number;
}

/** A longer form counts as found once its first 64 bytes are there. */
const HEAD = 64;
/** Characters beyond the public prefix that make a head or a cut-off tail a part of the value. */
const HEAD_SECRET_MIN = 16;
/** A cut-off tail with fewer secret characters is let through (44 bits in base62). */
const TAIL_SECRET_MIN = 8;

/** Characters that a value is usually made of; a tail that ends in any other is never held for long. */
const TOKEN = new Uint8Array(256);
for (const byte of Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_.-%\\',
)) {
  TOKEN[byte] = 1;
}

/** What to look for: immutable, one per session, shared by all streams. */
export class RedactionTable {
  /** Names of values with fewer than 6 bytes, which cannot be redacted. */
  readonly tooShort: readonly string[];
  readonly #forms: readonly Form[];
  readonly #patterns: readonly Pattern[];
  readonly #probes: readonly Probe[];
  readonly #owner: boolean;
  /** Bytes at the end of a text in which a form may have begun unseen: token characters, any. */
  readonly #tokenHold: number;
  readonly #anyHold: number;

  private constructor(forms: readonly Form[], tooShort: readonly string[], owner: boolean) {
    this.tooShort = tooShort;
    this.#forms = forms;
    this.#owner = owner;
    this.#patterns = forms.map((form) => patternOf(form));
    this.#probes = probesFor(this.#patterns);
    this.#tokenHold = Math.max(HEAD, ...this.#patterns.map((pattern) => pattern.head)) - 1;
    const loose = this.#patterns.filter(({ form, head }) => foreign(form.bytes) < head);
    this.#anyHold = Math.max(1, ...loose.map((pattern) => pattern.head)) - 1;
  }

  /** Copies what it needs of the values; `wipe` overwrites the copies. */
  static build(needles: readonly Needle[]): RedactionTable {
    const forms: Form[] = [];
    const tooShort = new Set<string>();
    for (const needle of needles) {
      const own = formsOf(needle);
      if (own.length === 0) tooShort.add(needle.name);
      forms.push(...own);
    }
    return new RedactionTable(forms, [...tooShort], true);
  }

  /** The same without these names, for one authorised call. It shares its values with this table. */
  without(names: readonly string[]): RedactionTable {
    return new RedactionTable(
      this.#forms.filter((form) => !names.includes(form.name)),
      this.tooShort.filter((name) => !names.includes(name)),
      false,
    );
  }

  /** Overwrites the values, also for the tables derived by `without`; a derived one drops only its index. */
  wipe(): void {
    for (const probe of this.#probes) probe.wipe();
    if (!this.#owner) return;
    for (const form of this.#forms) {
      form.bytes.fill(0);
      form.bytes = Buffer.alloc(0);
    }
  }

  /** All occurrences in `text`, by start. */
  find(text: Buffer): Span[] {
    const spans: Span[] = [];
    for (const probe of this.#probes) {
      probe.find(text, (pattern, start) => {
        const more = agreement(pattern.form.bytes, pattern.head, text, start + pattern.head);
        spans.push({ pattern, start, end: start + pattern.head + more });
      });
    }
    return spans.sort((a, b) => a.start - b.start);
  }

  /** Ends of `text` that begin a value and show enough of it to count. */
  cutOff(text: Buffer): Span[] {
    return this.#patterns.flatMap((pattern) => {
      const { bytes, publicPrefix } = pattern.form;
      const spans: Span[] = [];
      const first = Math.max(0, text.length - pattern.head + 1);
      for (let start = first; start <= text.length - publicPrefix - TAIL_SECRET_MIN; start++) {
        if (text[start] !== bytes[0]) continue;
        const length = text.length - start;
        if (agreement(bytes, 0, text, start) === length) {
          spans.push({ pattern, start, end: text.length });
        }
      }
      return spans;
    });
  }

  /** How many bytes at the end of `text` to keep back: from byte classes and constants only. */
  holdLength(text: Buffer): number {
    const most = Math.min(this.#tokenHold, text.length);
    let held = 0;
    while (held < most && TOKEN[text[text.length - 1 - held] ?? 0] === 1) held++;
    return Math.max(held, Math.min(this.#anyHold, text.length));
  }
}

/** Where the first byte outside the token class stands, or the length. */
function foreign(bytes: Buffer): number {
  const at = bytes.findIndex((byte) => TOKEN[byte] === 0);
  return at < 0 ? bytes.length : at;
}

function patternOf(form: Form): Pattern {
  const { bytes, publicPrefix } = form;
  const wanted = Math.min(bytes.length, Math.max(HEAD, publicPrefix + HEAD_SECRET_MIN));
  // A key's first line is enough of its body and, unlike more, needs no hold beyond token characters.
  const line = foreign(bytes);
  const enough = line >= HEAD && line >= publicPrefix + TAIL_SECRET_MIN;
  return { form, length: bytes.length, head: enough ? Math.min(wanted, line) : wanted };
}
