import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base64Forms } from '../../../src/supervisor/redaction/base64.ts';
import { encodingsOf } from '../../../src/supervisor/redaction/encodings.ts';
import { isHex } from '../../../src/supervisor/redaction/hex.ts';

const textsOf = (value: string, publicPrefix = 0) =>
  encodingsOf(Buffer.from(value), publicPrefix).map(({ bytes }) => bytes.toString());
const base64Of = (value: string) =>
  base64Forms(Buffer.from(value), 0).map(({ bytes }) => bytes.toString());
/** Without those of base64, which have tests of their own. */
const spellingsOf = (value: string) => {
  const [own, ...others] = textsOf(value);
  return { own, others: others.slice(base64Of(value).length) };
};
const isIn = (list: readonly string[], text: string) => expect(list).toContain(text);

test('a value of letters is spelled as it is and in hex, no spelling twice', () => {
  expect(spellingsOf('Token')).toEqual({ own: 'Token', others: ['546f6b656e', '546F6B656E'] });
});

test('of a value that is hex itself the digits come in the other case too', () => {
  expect(spellingsOf('0aBf')).toEqual({ own: '0aBf', others: ['30614266', '0AbF'] });
  expect(spellingsOf('0g').others).toEqual(['3067']);
});

test('hex is digits and the letters a to f, in both cases', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    const digit = /^[0-9a-fA-F]$/.test(String.fromCharCode(byte));
    expect(isHex(Buffer.of(byte))).toBe(digit);
  }
  expect(isHex(Buffer.from('abg'))).toBe(false);
});

const value = `a+b/c=d&e<f>g"h'i\`j k$l!m(n)o*p\\q\nr~s-t.u_v`;

/** How it stands in what the world's programs write. */
const written: Readonly<Record<string, string>> = {
  'percent-encoded by RFC 3986': percent(/[^\w.~-]/g, 'upper'),
  'percent-encoded in lower case': percent(/[^\w.~-]/g, 'lower'),
  'percent-encoded as a path': percent(/[^\w.~/-]/g, 'upper'),
  'encodeURIComponent of JavaScript': encodeURIComponent(value),
  'a form field': percent(/[^\w.~-]/g, 'upper').replaceAll('%20', '+'),
  JSON: escaped(/(?!)/g, 'lower'),
  'JSON of Go': escaped(/[<>&]/g, 'lower'),
  'JSON of Go, upper case': escaped(/[<>&]/g, 'upper'),
  'JSON of Jinja': escaped(/[<>&']/g, 'lower'),
  'JSON of PHP': escaped(/[<>&']/g, 'upper'),
  'JSON of .NET': escaped(/["&'+<>`]/g, 'upper'),
  'JSON of .NET, lower case': escaped(/["&'+<>`]/g, 'lower'),
  'JSON with escaped base64': escaped(/[+/=]/g, 'lower'),
  'JSON with escaped base64, upper case': escaped(/[+/=]/g, 'upper'),
  'JSON of Gson': escaped(/[=]/g, 'lower'),
  'JSON of Gson, upper case': escaped(/[=]/g, 'upper'),
  XML: references({ '&': '&amp;', '<': '&lt;', '>': '&gt;' }),
  'HTML, named': references(marks('&quot;', '&#39;')),
  'HTML, double quotes alone': references(marks('&quot;', "'")),
  'HTML of Python': references(marks('&quot;', '&#x27;')),
  'HTML of PHP': references(marks('&quot;', '&#039;')),
  'XML of attributes': references(marks('&quot;', '&apos;')),
  'HTML, numbered': references(marks('&#34;', '&#x27;')),
  'HTML of Go': references({ ...marks('&#34;', '&#39;'), '+': '&#43;' }),
  'HTML of templates': references({
    ...marks('&quot;', '&#39;'),
    '/': '&#x2F;',
    '=': '&#x3D;',
    '`': '&#x60;',
  }),
  'HTML with a slash': references({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '/': '&#47;' }),
  'HTML by number': value.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`),
  'HTML by hex number': value.replace(/[&<>"']/g, (c) => `&#x${hex(c, 'upper')};`),
  'a Makefile': value.replaceAll('$', '$$$$'),
};

function percent(which: RegExp, digits: 'upper' | 'lower'): string {
  return value.replace(which, (c) => `%${hex(c, digits)}`);
}

function escaped(which: RegExp, digits: 'upper' | 'lower'): string {
  return [...value]
    .map((c) => (c.match(which) ? `\\u00${hex(c, digits)}` : JSON.stringify(c).slice(1, -1)))
    .join('');
}

function references(table: Readonly<Record<string, string>>): string {
  return [...value].map((c) => table[c] ?? c).join('');
}

function marks(double: string, single: string): Record<string, string> {
  return { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': double, "'": single };
}

function hex(character: string, digits: 'upper' | 'lower'): string {
  const code = character.charCodeAt(0).toString(16).padStart(2, '0');
  return digits === 'upper' ? code.toUpperCase() : code;
}

describe('a value with everything in it', () => {
  const all = textsOf(value);

  test.each(Object.entries(written))('is known as %s', (_, text) => isIn(all, text));

  test('and in no other way', () => {
    const base64 = base64Of(value);
    expect(all.slice(1, 1 + base64.length)).toEqual(base64);
    const digits = [
      Buffer.from(value).toString('hex'),
      Buffer.from(value).toString('hex').toUpperCase(),
    ];
    expect(new Set(all.slice(1 + base64.length))).toEqual(
      new Set([...digits, ...Object.values(written)]),
    );
    expect(new Set(all).size).toBe(all.length - base64.length + new Set(base64).size);
  });

  test('controls are escaped as JSON does it', () => {
    isIn(textsOf('a\u0001\t\u001fb\u007f'), 'a\\u0001\\t\\u001fb\u007f');
  });
});

describe('base64', () => {
  const bytes = fc.uint8Array({ minLength: 6, maxLength: 24 });

  test('of every text that holds the value holds one of its forms', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.constantFrom('base64', 'base64url'), (own, a, b, how) => {
        const forms = base64Forms(Buffer.from(own), 0);
        const text = Buffer.concat([a, own, b]).toString(how as BufferEncoding);
        const longest = forms.filter((form) => text.includes(form.bytes.toString()));
        // all characters that the value alone determines
        const start = Math.ceil((8 * a.length) / 6);
        const end = Math.floor((8 * (a.length + own.length)) / 6);
        const inner = text.slice(start, end);
        expect(longest.map((form) => form.bytes.toString())).toContain(inner);
      }),
    );
  });

  test('at the end of a text is known with its padding and without', () => {
    fc.assert(
      fc.property(bytes, fc.nat(2), (own, before) => {
        const forms = base64Forms(Buffer.from(own), 0).map((form) => form.bytes.toString());
        const text = Buffer.concat([Buffer.alloc(before, 'x'), own]);
        const skip = [0, 2, 3][before] as number;
        for (const how of ['base64', 'base64url'] as const) {
          isIn(forms, text.toString(how).slice(skip));
        }
        isIn(forms, text.toString('base64').slice(skip).replace(/=+$/, ''));
      }),
    );
  });

  test('knows how much of it the public prefix determines', () => {
    // 24 bits are 4 characters; 32 are 5, of which 2 are not the value's; 40 are 6, less 3
    const prefixes = base64Forms(Buffer.from('hf_abcdefghij'), 3).map((form) => form.publicPrefix);
    expect(prefixes).toEqual([4, 4, 4, 3, 3, 3, 3, 3, 3]);
    const none = base64Forms(Buffer.from('abcdefghij'), 0);
    expect(none.every(({ publicPrefix }) => publicPrefix === 0)).toBe(true);
  });

  test('has both alphabets only where they differ', () => {
    const both = base64Of('??>>~~').filter((text) => /[-_+/]/.test(text));
    expect(both.filter((text) => /[+/]/.test(text))).toHaveLength(both.length / 2);
    expect(base64Of('abcdef').every((text) => /^[A-Za-z0-9=]+$/.test(text))).toBe(true);
    expect(base64Of('abcdef')).toHaveLength(9);
  });
});

describe('of a value that is found in pieces', () => {
  const inPieces = (own: string) =>
    encodingsOf(Buffer.from(own), 0, [], true).map(({ bytes }) => bytes.toString());

  test('the spelling in base64 that the others begin is enough', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 24 }), (own) => {
        const few = base64Forms(Buffer.from(own), 0, [], true).map(({ bytes }) => bytes.toString());
        const all = base64Forms(Buffer.from(own), 0).map(({ bytes }) => bytes.toString());
        expect(all).toEqual(expect.arrayContaining(few));
        for (const form of all) expect(few.some((one) => one.startsWith(form))).toBe(true);
      }),
    );
  });

  test('a spelling that reads like another one without what is not canonical is left out', () => {
    expect(textsOf('ab\\cd$ef')).toContain('ab\\\\cd$ef');
    expect(inPieces('ab\\cd$ef')).not.toContain('ab\\\\cd$ef');
    expect(inPieces('ab\\cd$ef')).toContain('ab\\cd$$ef');
    expect(inPieces('ab\ncd')).toContain('ab\\ncd');
    expect(inPieces('ab"cd')).toContain('ab&quot;cd');
  });
});

test('the public prefix is as long as it is spelled, and digits are told', () => {
  const forms = encodingsOf(Buffer.from('a&b<cd&ef'), 4);
  const byText = new Map(forms.map((form) => [form.bytes.toString(), form]));
  expect(byText.get('a&amp;b&lt;cd&amp;ef')).toMatchObject({ publicPrefix: 11, hex: false });
  expect(byText.get('6126623c6364266566')).toMatchObject({ publicPrefix: 8, hex: true });
  expect(byText.get('6126623C6364266566')).toMatchObject({ publicPrefix: 8, hex: true });
  expect(forms.filter((form) => form.hex)).toHaveLength(2);
});
