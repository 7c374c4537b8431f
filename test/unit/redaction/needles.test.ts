import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import {
  type Form,
  formsOf,
  type Needle,
  weakAmong,
  wipe,
} from '../../../src/supervisor/redaction/needles.ts';

const needle = (value: string, publicPrefixes: readonly string[] = [], name = 'V'): Needle => ({
  name,
  secret: new Secret(Buffer.from(value)),
  kind: 'text',
  publicPrefixes,
});
const formOf = (value: string, spelled = value, prefixes: readonly string[] = []): Form => {
  const form = formsOf(needle(value, prefixes)).find((one) => one.raw.toString() === spelled);
  if (form === undefined) throw new Error(`no form ${spelled}`);
  return form;
};
const hex = (text: string) => Buffer.from(text).toString('hex');
const TOKEN = 'hf_FakeAbCdEfGhIjKlMnOpQrStUvWxYz0123';

describe('a form', () => {
  test('is known as it is written, and without blanks, quotes and controls', () => {
    const form = formOf('pass "word" \\ é\n!');
    expect(form.raw.toString()).toBe('pass "word" \\ é\n!');
    expect(form.bytes.toString()).toBe('passwordé!');
    expect(form.name).toBe('V');
  });

  test('has no blanks around it', () => {
    for (const value of [' \t\n\v\f\rsecret\r\n ', 'secret', ' secret', 'secret ']) {
      expect(formOf(value, 'secret').bytes.toString()).toBe('secret');
    }
    expect(formOf('\u0008secret!\u000e', '\u0008secret!\u000e').bytes.toString()).toBe('secret!');
  });

  test('stands once, the longest first; what another one finds has none', () => {
    const forms = formsOf(needle(TOKEN, ['hf_']));
    const lengths = forms.map(({ bytes }) => bytes.length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    const texts = forms.map(({ raw }) => raw.toString());
    expect(new Set(texts).size).toBe(texts.length);
    // base64 without its padding is a piece of that with it; with a public prefix it has to begin alike
    expect(texts).toContain(Buffer.from(TOKEN).toString('base64'));
    expect(texts).not.toContain(Buffer.from(TOKEN).toString('base64url'));
    expect(texts).toContain(hex(TOKEN));
    expect(texts).toContain(hex(TOKEN).toUpperCase());
  });

  test('of an irregular value begins no other one: a key with and without its line ends is one', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const body = key.split('\n')[1] as string;
    const forms = formsOf(
      needle(`${key.replace(body, `${body.slice(0, 40)}\n${body.slice(40)}`)}`),
    );
    const bytes = forms.map((form) => form.bytes.toString());
    expect(bytes.filter((text) => text === body)).toHaveLength(1);
    for (const [at, one] of bytes.entries()) {
      expect(bytes.filter((other) => one.startsWith(other))).toEqual([bytes[at]]);
    }
    // its hex has pieces of another length
    expect(forms.map(({ piece }) => piece)).toEqual(expect.arrayContaining([8, 16]));
  });

  test('whole forms of a short value are all kept that differ as they are written', () => {
    const texts = formsOf(needle('a&b&c&')).map(({ raw }) => raw.toString());
    expect(texts).toEqual(
      expect.arrayContaining([
        'a&b&c&',
        'a%26b%26c%26',
        'a\\u0026b\\u0026c\\u0026',
        'a&amp;b&amp;c&amp;',
      ]),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('shorter than six bytes there is none, shorter than seven none that is encoded', () => {
    expect(formsOf(needle('abcde'))).toEqual([]);
    const texts = formsOf(needle('abcdef')).map(({ raw }) => raw.toString());
    expect(texts).toEqual(expect.arrayContaining(['abcdef', hex('abcdef'), 'YWJjZGVm']));
    expect(texts.every((text) => text.length >= 7 || text === 'abcdef')).toBe(true);
    // seven characters of base64 that it determines at the second place
    expect(texts).toContain(Buffer.from('xabcdefy').toString('base64').slice(2, 9));
    // six digits in the other case
    expect(formsOf(needle('abc123')).map(({ raw }) => raw.toString())).not.toContain('ABC123');
  });

  test('of which fewer than four bytes count there is none', () => {
    expect(formsOf(needle(`'"a"b"c"'`)).map(({ raw }) => raw.toString())).not.toContain(
      `'"a"b"c"'`,
    );
    expect(formOf(`'"a"b"c"d`).bytes.toString()).toBe('abcd');
  });

  test('is overwritten by a wipe', () => {
    const form = formOf(TOKEN);
    wipe(form);
    expect([...form.raw, ...form.bytes].every((byte) => byte === 0)).toBe(true);
  });
});

describe('pieces count', () => {
  test.each([
    ['a token', TOKEN, 8, 12],
    ['its hex', hex(TOKEN), 16, 16],
    ['its hex in upper case', hex(TOKEN).toUpperCase(), 16, 16],
    ['its base64', Buffer.from(TOKEN).toString('base64'), 8, 12],
  ])('of %s', (_, spelled, piece, inside) => {
    expect(formOf(TOKEN, spelled, ['hf_'])).toMatchObject({ piece, inside });
  });

  test('of hex digits from eleven on', () => {
    const value = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
    expect(formOf(value)).toMatchObject({ piece: 11, inside: 12 });
    expect(formOf(`hf_${value}`, undefined, ['hf_'])).toMatchObject({ piece: 11 });
    expect(formOf(`hf_${value}`)).toMatchObject({ piece: 8 });
  });

  test.each([
    ['fifteen bytes', 'aB3dE6gH9jK2mN5', false],
    ['sixteen', 'aB3dE6gH9jK2mN5p', true],
    ['a blank', 'aB3dE6gH9jK2mN5 p', false],
    ['a tab', 'aB3dE6gH9jK2mN5\tp', false],
    ['a byte beyond ASCII', 'aB3dE6gH9jK2mN5pé', false],
    ['DEL', 'aB3dE6gH9jK2mN5p\u007f', false],
    ['a line end', 'aB3dE6gH\r\n9jK2mN5p', true],
    ['a tilde', 'aB3dE6gH9jK2mN5~', true],
    ['few different bytes', 'abcabcabcabcabcabc', false],
    ['seven different ones', 'abcdefgabcdefgabcdefg', false],
    ['eight different ones', 'abcdefghabcdefgh', true],
  ])('of a value with %s: %s', (_, value, counts) => {
    expect(formOf(value).piece !== undefined).toBe(counts);
    const { wholeOnly } = weakAmong([needle(value)]);
    expect(wholeOnly).toEqual(counts ? [] : ['V']);
  });

  test('of one with twelve secret bytes behind its public prefix', () => {
    const secret = 'aB3dE6gH9jK2';
    expect(formOf(`long_${secret}`, undefined, ['long_']).piece).toBe(8);
    expect(formOf(`long_${secret.slice(1)}`, undefined, ['long_']).piece).toBeUndefined();
    // whose irregularity is that of the secret alone
    expect(formOf('abcdefghij_aaaaaaaaaaaab', undefined, ['abcdefghij_']).piece).toBeUndefined();
  });
});

describe('the public prefix', () => {
  test('is the longest that fits', () => {
    const prefixes = ['sk-', 'sk-ant-', 'other-'];
    expect(formOf(`sk-ant-${TOKEN}`, undefined, prefixes).publicPrefix).toBe(7);
    expect(formOf(`sk-${TOKEN}`, undefined, prefixes).publicPrefix).toBe(3);
    expect(formOf(TOKEN, undefined, prefixes).publicPrefix).toBe(0);
    expect(formOf(`x${TOKEN}`, undefined, ['hf_']).publicPrefix).toBe(0);
  });

  test('is counted in bytes that count', () => {
    expect(formOf(`a "b" ${TOKEN}`, undefined, ['a "b" ']).publicPrefix).toBe(2);
    expect(formOf(TOKEN, hex(TOKEN), ['hf_']).publicPrefix).toBe(6);
  });
});

describe('bytes that nobody could guess from those before', () => {
  const countsOf = (value: string, spelled = value) => [...formOf(value, spelled).unforeseen];

  test('are counted one by one', () => {
    expect(countsOf('azbycxdw')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test.each([
    ['one up', 'xyz0123456', [0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7]],
    ['one down', 'ax987654zq', [0, 1, 2, 3, 4, 5, 6, 6, 6, 7, 8]],
    ['the same', 'axqqqqqqab', [0, 1, 2, 3, 4, 5, 6, 6, 6, 7, 8]],
    ['two up is no row', 'acegikmoqs', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['up and down is none', 'ababababab', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ['from the first on', 'abcdefzqzq', [0, 1, 2, 3, 4, 4, 4, 5, 6, 7, 8]],
  ])('in a row of %s only the first four', (_, value, counts) => {
    expect(countsOf(value)).toEqual(counts);
  });

  test('are spread over a longer spelling', () => {
    const counts = countsOf('abcdefzq', hex('abcdefzq'));
    expect(counts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 9, 10, 11, 12]);
  });
});

test('weak are values that are too short, or found only where they stand whole', () => {
  const all = [
    needle('abcde', [], 'SHORT'),
    needle(`'''abc'''`, [], 'QUOTES'),
    needle('abcdef', [], 'SIX'),
    needle(TOKEN, ['hf_'], 'TOKEN'),
    needle('     ', [], 'BLANK'),
  ];
  expect(weakAmong(all)).toEqual({
    tooShort: ['SHORT', 'QUOTES', 'BLANK'],
    wholeOnly: ['SIX'],
  });
  expect(weakAmong([])).toEqual({ tooShort: [], wholeOnly: [] });
});
