import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import { weakAmong } from '../../../src/supervisor/redaction/needles.ts';
import { RedactionTable } from '../../../src/supervisor/redaction/table.ts';
import { redactText } from '../../../src/supervisor/redaction/text.ts';
import { needle, tableOf } from './support.ts';

const M = '[REDACTED]';
const newKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

describe('what all values of a shape share stays visible, and nothing else of the own one', () => {
  const region = 'IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ';
  const shapes = [
    [
      'a signed token',
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.',
      'eyJzdWIiOiJhZGEifQ.s1gN4tUr3ofTh1sT0k3n',
      'eyJzdWIiOiJib2IifQ.Qw8vN2xLr7PzK4mTd9Yb',
    ],
    ['a session token', region, 'DzX4kq0Wm7sR2vT9bLc', 'Cq8ZpLm3Nd6Vh1Ky5Gw'],
    [
      'a named key',
      'secret_training-cluster_',
      '0a9f1c8e7b6d5f4e3c2b1a0998877665.Zk3Lm9Qw2Rt7Yx',
      'f4b1d7e2a9c60358f4b1d7e2a9c60358.Hn5Bv8Cd1Fg6Jp',
    ],
  ] as const;

  test.each(shapes)('%s', (_, head, rest, foreign) => {
    const table = tableOf(head + rest);
    const theirs = `${head} ${head}${foreign} ${Buffer.from(head + foreign).toString('base64')}\n`;
    expect(redactText(table, theirs)).toBe(theirs);
    expect(redactText(table, `<${head}${rest}>`)).toBe(`<${M}>`);
    expect(redactText(table, `<${rest.slice(0, 20)}…>`)).toBe(`<${M}…>`);
    expect(redactText(table, `<…${rest.slice(-10)}>`)).toBe(`<…${M}>`);
  });
});

test.each([
  ['text', 'LAMBDA_API_KEY'],
  ['json', 'GOOGLE_APPLICATION_CREDENTIALS'],
] as const)('a key without a document around it is found by its pieces (%s)', (kind, name) => {
  const key = newKey();
  const secret = new Secret(Buffer.from(key));
  const table = RedactionTable.build([{ name, secret, kind, publicPrefixes: [] }]);
  const lines = key.trim().split('\n');
  expect(redactText(table, key)).toBe([lines[0], M, lines.at(-1), ''].join('\n'));
  expect(redactText(table, `: ${lines[3]?.slice(5, 30)} :`)).toBe(`: ${M} :`);
  const foreign = newKey();
  expect(redactText(table, foreign)).toBe(foreign);
});

test('the columns of a dump show nothing of a key, line by line', () => {
  const key = newKey();
  const table = tableOf(key);
  const rows = (key.match(/.{1,16}/gs) ?? []).map(
    (row, at) =>
      `${(16 * at).toString(16).padStart(8, '0')}  ${Buffer.from(row).toString('hex').replace(/../g, '$& ')} |${row.replaceAll('\n', '.')}|`,
  );
  const safe = redactText(table, rows.join('\n'));
  // the head of the key is everybody's, and the last row may be short
  for (const row of rows.slice(8, -4)) {
    const column = row.split('|')[1] ?? '';
    if (!column.includes('.') && !column.includes('AgMBAA')) expect(safe).not.toContain(column);
  }
});

describe('an address with a password', () => {
  const table = tableOf('postgres://ada:V3ry%2FL0ng+Pa55@db.example.com:5432/train');

  test.each([
    ['postgres://ada:V3ry%2FL0ng+Pa55@db.example.com:5432/train', M],
    [
      'postgres://ada:V3ry%2FL0ng+Pa55@other.example.com/',
      `postgres://ada:${M}@other.example.com/`,
    ],
    ['PGPASSWORD=V3ry/L0ng+Pa55', `PGPASSWORD=${M}`],
    ['postgres://ada@db.example.com:5432/train', 'postgres://ada@db.example.com:5432/train'],
  ])('%s', (text, safe) => {
    expect(redactText(table, `${text} \n`)).toBe(`${safe} \n`);
    expect(redactText(table, Buffer.from('db.example.com').toString('base64'))).not.toContain(M);
  });
});

describe('a password of people, as programs write it', () => {
  const odd = `p4$$"w'rd\\x&<y>`;
  const accents = 'pässwörd–日本語';
  const table = tableOf(odd, accents, 'Zq7!xK', 'correct horse battery');

  test.each([
    ['bash, printf %q', 'p4\\$\\$\\"w\\\'rd\\\\x\\&\\<y\\>'],
    ['bash, $ quotes', `$'p4$$"w\\'rd\\\\x&<y>'`],
    ['CSV', `"p4$$""w'rd\\x&<y>"`],
    ['JSON in JSON', JSON.stringify(JSON.stringify(odd).slice(1, -1))],
    ['JSON of Jinja', `"p4$$\\"w\\u0027rd\\\\x\\u0026\\u003cy\\u003e"`],
    ['HTML by numbers', 'p4$$&#34;w&#39;rd\\x&#38;&#60;y&#62;'],
    ['HTML by hex numbers', 'p4$$&#x22;w&#x27;rd\\x&#x26;&#x3C;y&#x3E;'],
    ['JSON in ASCII', 'p\\u00e4ssw\\u00f6rd\\u2013\\u65e5\\u672c\\u8a9e'],
    ['JSON in ASCII, capitals', 'p\\u00E4ssw\\u00F6rd\\u2013\\u65E5\\u672C\\u8A9E'],
    [
      'bytes of Python',
      'p\\xc3\\xa4ssw\\xc3\\xb6rd\\xe2\\x80\\x93\\xe6\\x97\\xa5\\xe6\\x9c\\xac\\xe8\\xaa\\x9e',
    ],
    [
      'octal',
      'p\\303\\244ssw\\303\\266rd\\342\\200\\223\\346\\227\\245\\346\\234\\254\\350\\252\\236',
    ],
    ['references', 'p&#228;ssw&#246;rd&#8211;&#26085;&#26412;&#35486;'],
    ['a quoted !', 'Zq7\\!xK'],
    ['quoted blanks', 'correct\\ horse\\ battery'],
  ])('%s', (_, text) => {
    expect(redactText(table, `before ${text} after`)).toMatch(
      /^before .{0,2}\[REDACTED\].{0,4} after$/,
    );
  });

  test.each(['Zq7 !xK', 'correcthorse battery', "p4$$w'rd\\x&<y>", 'correct, horse, battery'])(
    'but not %s',
    (text) => expect(redactText(table, `${text} `)).toBe(`${text} `),
  );

  test('in ISO 8859-1, and with a character beyond 16 bits', () => {
    const table = tableOf('pässwörd', 'pass😀wörd');
    const latin = Buffer.from('a pässwörd b', 'latin1');
    expect(redactText(table, latin.toString('latin1'))).toBe(`a ${M} b`);
    expect(redactText(table, 'pass\\ud83d\\ude00w\\u00f6rd')).toBe(M);
  });
});

test('values of people are told of as found whole only; keys and tokens are not', () => {
  const key = needle(newKey(), 'KEY');
  const address = needle('https://ada:V3ryL0ngPa55word@example.com', 'ADDRESS');
  expect(weakAmong([key, address]).wholeOnly).toEqual(['ADDRESS']);
});
