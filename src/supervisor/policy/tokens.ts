/** A piece of Python text that matters for its imports. */
export interface Token {
  /** `string`: a literal without escapes or interpolation; `text`: any other string. */
  readonly kind: 'name' | 'operator' | 'string' | 'text';
  readonly value: string;
}

/** A logical line (joined over brackets and backslashes; `;` starts another). */
export interface Line {
  readonly indent: number;
  readonly tokens: readonly Token[];
}

const NAME = /[\p{ID_Start}_]\p{ID_Continue}*/uy;
const NUMBER = /\.?\d[\w.]*/y;
const QUOTE = /"""|'''|"|'/y;
const STRING_PREFIX = /^(?:[rbuft]|[rR][bft]|[bft][rR])$/i;

/** Splits Python text into logical lines; text that is no Python gives some lines, never an error. */
export function logicalLines(source: string): readonly Line[] {
  return new Tokenizer(source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')).lines();
}

class Tokenizer {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #indent = 0;
  #tokens: Token[] = [];
  readonly #lines: Line[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  lines(): readonly Line[] {
    this.#readIndent();
    while (this.#at < this.#text.length) this.#step();
    this.#endLine();
    return this.#lines;
  }

  #step(): void {
    const char = this.#text[this.#at] ?? '';
    if (char === '\n') {
      this.#newline();
    } else if (char === '#') {
      this.#comment();
    } else if (char === '\\' && this.#text[this.#at + 1] === '\n') {
      this.#at += 2;
    } else if (' \t\f'.includes(char)) {
      this.#at += 1;
    } else if (!this.#string('') && !this.#name()) {
      if (this.#match(NUMBER) === undefined) this.#operator(char);
    }
  }

  #newline(): void {
    this.#at += 1;
    if (this.#depth > 0) return;
    this.#endLine();
    this.#readIndent();
  }

  #comment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #endLine(): void {
    if (this.#tokens.length > 0) this.#lines.push({ indent: this.#indent, tokens: this.#tokens });
    this.#tokens = [];
  }

  #readIndent(): void {
    let indent = 0;
    for (; ' \t\f'.includes(this.#text[this.#at] || '.'); this.#at += 1) {
      indent = this.#text[this.#at] === '\t' ? indent - (indent % 8) + 8 : indent + 1;
    }
    this.#indent = indent;
  }

  #operator(char: string): void {
    this.#at += 1;
    if (char === ';' && this.#depth === 0) {
      this.#endLine();
      return;
    }
    if ('([{'.includes(char)) this.#depth += 1;
    if (')]}'.includes(char)) this.#depth = Math.max(0, this.#depth - 1);
    this.#tokens.push({ kind: 'operator', value: char });
  }

  #name(): boolean {
    const name = this.#match(NAME);
    if (name === undefined) return false;
    if (STRING_PREFIX.test(name) && this.#string(name)) return true;
    this.#tokens.push({ kind: 'name', value: name });
    return true;
  }

  #string(prefix: string): boolean {
    const quote = this.#match(QUOTE);
    if (quote === undefined) return false;
    const start = this.#at;
    this.#at = endOfString(this.#text, start, quote, /[ft]/i.test(prefix));
    const value = this.#text.slice(start, this.#at - quote.length);
    const plain = /^[ru]?$/i.test(prefix) && !value.includes('\\');
    this.#tokens.push({ kind: plain ? 'string' : 'text', value: plain ? value : '' });
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

/** Index after the closing quote; a one-line string that is not closed ends with its line. */
function endOfString(
  text: string,
  start: number,
  quote: string,
  format: boolean,
  nesting = 0,
): number {
  let at = start;
  while (at < text.length) {
    if (text.startsWith(quote, at)) return at + quote.length;
    const char = text[at];
    if (char === '\n' && quote.length === 1) return at;
    if (char === '\\') at += format && text[at + 1] === '{' ? 1 : 2;
    else if (char !== '{' || !format) at += 1;
    else at = text[at + 1] === '{' ? at + 2 : endOfField(text, at + 1, quote, nesting);
  }
  return text.length;
}

/** Index after a replacement field of an f-string (PEP 701: it may hold the same quotes again). */
function endOfField(text: string, start: number, quote: string, nesting: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (depth === 0 && char === '}') return at + 1;
    if (depth === 0 && char === ':') return endOfSpec(text, at + 1, quote, nesting);
    if (char === '\n' && quote.length === 1 && depth === 0 && nesting > 8) return at;
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    QUOTE.lastIndex = at;
    const inner = QUOTE.exec(text)?.[0];
    if (inner === undefined) at += 1;
    else if (nesting > 8) return at;
    else {
      const format = /(^|\W)[rR]?[ftFT][rR]?$/.test(text.slice(Math.max(0, at - 3), at));
      at = endOfString(text, at + inner.length, inner, format, nesting + 1);
    }
  }
  return text.length;
}

function endOfSpec(text: string, start: number, quote: string, nesting: number): number {
  let at = start;
  while (at < text.length) {
    const char = text[at];
    if (char === '}') return at + 1;
    if (text.startsWith(quote, at) || (char === '\n' && quote.length === 1)) return at;
    if (char === '{' && nesting < 8) at = endOfField(text, at + 1, quote, nesting + 1);
    else at += 1;
  }
  return text.length;
}
