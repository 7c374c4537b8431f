import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import { weakAmong } from '../../../src/supervisor/redaction/needles.ts';
import { RedactionTable } from '../../../src/supervisor/redaction/table.ts';
import { redactBytes, redactText } from '../../../src/supervisor/redaction/text.ts';
import { everyByte, needle, recorder, run, TOKEN, tableOf } from './support.ts';

const PHRASE = 'pässword "with" blanks!/+';
const M = '[REDACTED]';

/** [what, value, input, output] */
const CASES: readonly (readonly [string, string, string, string])[] = [
  ['the value alone', TOKEN, TOKEN, M],
  ['in a line', TOKEN, `export HF_TOKEN='${TOKEN}'\n`, `export HF_TOKEN='${M}'\n`],
  ['inside a longer word', TOKEN, `xx${TOKEN}yy\n`, `xx${M}yy\n`],
  ['twice in a row', TOKEN, `${TOKEN}${TOKEN}\n`, `${M}${M}\n`],
  ['after a false start', TOKEN, `hf_hf_Fake${TOKEN} `, `hf_hf_Fake${M} `],
  ['base64', TOKEN, `${Buffer.from(TOKEN).toString('base64')}\n`, `${M}\n`],
  ['base64 without padding', TOKEN, `${Buffer.from(TOKEN).toString('base64url')}\n`, `${M}\n`],
  ['hex', TOKEN, Buffer.from(TOKEN).toString('hex'), M],
  ['upper hex', TOKEN, Buffer.from(TOKEN).toString('hex').toUpperCase(), M],
  ['a phrase', PHRASE, `say ${PHRASE}.\n`, `say ${M}.\n`],
  ['percent-encoded', PHRASE, `?q=${encodeURIComponent(PHRASE)}&x`, `?q=${M}&x`],
  ['a form field', PHRASE, `${new URLSearchParams({ q: PHRASE })}&x`, `q=${M}&x`],
  ['JSON', PHRASE, JSON.stringify({ a: PHRASE }), `{"a":"${M}"}`],
  ['a six-byte value', 'a!b c?', 'x a!b c? y', `x ${M} y`],
  ['a value with line ends around it', `\n${TOKEN}\n`, `a ${TOKEN} b`, `a ${M} b`],
];

describe('every form is masked, however the output is cut', () => {
  test.each(CASES)('%s', (_, value, input, output) => {
    const table = tableOf(value);
    const bytes = Buffer.from(input);
    expect(redactText(table, input)).toBe(output);
    expect(run(table, bytes).text()).toBe(output);
    expect(run(table, bytes, everyByte(bytes)).text()).toBe(output);
    for (let cut = 1; cut < bytes.length; cut++)
      expect(run(table, bytes, [cut]).text()).toBe(output);
  });

  test.each([0, 1, 2])('base64 at alignment %i, both alphabets', (alignment) => {
    const value = 'hf_??>>~~ÿÿ~~>>??fakefakefake';
    const core = Buffer.from(value).toString('base64').slice(4, -4);
    const table = tableOf(value);
    for (const after of ['', 'x', 'xy', 'xyz\n']) {
      for (const alphabet of ['base64', 'base64url'] as const) {
        const text = Buffer.from(`${'u:'.slice(0, alignment)}${value}${after}`).toString(alphabet);
        const safe = redactText(table, text);
        expect(safe).toContain(M);
        // What the neighbours own or share: three characters before, eight after.
        expect(safe.replace(M, '').length).toBeLessThanOrEqual(11);
        expect(safe).not.toContain(core.slice(0, 8));
      }
    }
  });
});

describe('overlap', () => {
  test.each([
    ['contained', ['abcdefghij', 'cdefgh'], 'xabcdefghijx', `x${M}x`],
    ['chained', ['abcdef', 'efghij', 'ijklmn'], 'xabcdefghijklmnx', `x${M}x`],
    ['prefix of another', ['abcdef', 'abcdefgh'], 'abcdef abcdefgh ', `${M} ${M} `],
    ['touching', ['abcdef', 'ghijkl'], 'abcdefghijkl ', `${M}${M} `],
    ['with itself', ['ababab'], 'xabababababx', `x${M}x`],
  ])('%s', (_, values, input, output) => {
    const table = tableOf(...values);
    const bytes = Buffer.from(input);
    expect(redactText(table, input)).toBe(output);
    expect(run(table, bytes, everyByte(bytes)).text()).toBe(output);
  });

  test('one hit for each mask, under the name of the first value', () => {
    const table = tableOf('abcdefghij', 'cdefgh');
    expect(run(table, Buffer.from('abcdefghij cdefgh ')).hits).toEqual(['V0', 'V1']);
  });
});

describe('tables', () => {
  test('tell which values are too short', () => {
    const needles = [needle('abcde', 'PIN'), needle(TOKEN)];
    expect(weakAmong(needles)).toEqual({ tooShort: ['PIN'], wholeOnly: [] });
    expect(redactText(RedactionTable.build(needles), 'abcde')).toBe('abcde');
  });

  test('without leaves one value visible and the others masked', () => {
    const table = RedactionTable.build([needle(TOKEN), needle('otherfakevalue', 'OTHER')]);
    const text = `${TOKEN} otherfakevalue `;
    expect(redactText(table.without(['HF_TOKEN']), text)).toBe(`${TOKEN} ${M} `);
    expect(redactText(table, text)).toBe(`${M} ${M} `);
  });

  test('without removes every value of a name, and spares the same value under another', () => {
    const old = needle('oldfakevalue');
    expect(
      redactText(RedactionTable.build([needle(TOKEN), old]).without(['HF_TOKEN']), 'oldfakevalue '),
    ).toBe('oldfakevalue ');
    const twice = RedactionTable.build([needle(TOKEN), needle(TOKEN, 'ALIAS')]);
    expect(redactText(twice.without(['HF_TOKEN']), TOKEN)).toBe(M);
  });

  test('do not depend on the secret after the build, and match nothing after a wipe', () => {
    const secret = new Secret(Buffer.from(TOKEN));
    const table = RedactionTable.build([{ ...needle(TOKEN), secret }]);
    const derived = table.without([]);
    secret.wipe();
    expect(redactText(derived, TOKEN)).toBe(M);
    table.wipe();
    expect(redactText(derived, `${TOKEN}${'\0'.repeat(64)}`)).toBe(`${TOKEN}${'\0'.repeat(64)}`);
  });

  test('a rotation in the middle of a value', () => {
    const { stream, text } = recorder(tableOf(TOKEN));
    stream.write(Buffer.from(`old ${TOKEN.slice(0, 20)}`));
    stream.use(tableOf(TOKEN, 'newfakevalue'));
    stream.write(Buffer.from(`${TOKEN.slice(20)} newfakevalue `));
    stream.end();
    expect(text()).toBe(`old ${M} ${M} `);
  });
});

describe('clean output', () => {
  test('is byte-identical, the same buffer when nothing is held', () => {
    const table = tableOf(TOKEN);
    const binary = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 97) & 0xff));
    expect(redactBytes(table, binary)).toBe(binary);
    expect(run(table, binary, everyByte(binary)).bytes()).toEqual(binary);
    expect(redactText(table, 'hf_Fak and hf_FakeAbCx\r\n')).toBe('hf_Fak and hf_FakeAbCx\r\n');
    expect(redactText(table, 'half a pair \ud83d')).toBe('half a pair \ud83d'); // no UTF-8 has it
  });
});
