import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { weakAmong } from '../../../src/supervisor/redaction/needles.ts';
import { RedactionTable } from '../../../src/supervisor/redaction/table.ts';
import { everyByte, needle, run, screenOf, TOKEN, tableOf } from './support.ts';

const M = '[REDACTED]';
const KEY = 'EXAMPLEonly+Not/ARealSecret=0123456789&abc"';
const half = Math.ceil(TOKEN.length / 2);
const each = (text: string, between: (letter: string, index: number) => string) =>
  [...text].map(between).join('');
const fold = (text: string, width: number, end = '\n') =>
  text.replace(new RegExp(`(.{${width}})(?=.)`, 'g'), `$1${end}`);
const esc = '\u001b';

/** What a reader sees in one piece: [how, text, what is left of it in a pipe]. */
const seen: readonly (readonly [string, string, string])[] = [
  ['coloured', `${esc}[31m${TOKEN}${esc}[0m\n`, `${esc}[31m${M}${esc}[0m\n`],
  [
    'a match of grep in it',
    `x ${TOKEN.slice(0, 9)}${esc}[01;31m${esc}[K${TOKEN.slice(9, 20)}${esc}[m${esc}[K${TOKEN.slice(20)} y`,
    `x ${M}${esc}[01;31m${esc}[K${esc}[m${esc}[K y`,
  ],
  [
    'colour for each character',
    each(TOKEN, (letter) => `${esc}[38;5;9m${letter}${esc}[0m`),
    `${esc}[38;5;9m${M}${`${esc}[0m${esc}[38;5;9m`.repeat(TOKEN.length - 1)}${esc}[0m`,
  ],
  [
    'coloured by C1 controls',
    each(TOKEN, (letter) => `\u009b1m${letter}\u009bm`),
    `\u009b1m${M}${`\u009bm\u009b1m`.repeat(TOKEN.length - 1)}\u009bm`,
  ],
  ['in a title by C1 controls', `\u009d0;me ${TOKEN}\u009c$ `, `\u009d0;me ${M}\u009c$ `],
  ['with controls of C1 in it', `${TOKEN.slice(0, 20)}\u0086${TOKEN.slice(20)} `, `${M}\u0086 `],
  ['folded', `${fold(TOKEN, 12)}\n`, `${M}\n`],
  ['folded with indentation and CR LF', `  ${fold(TOKEN, 13, '\r\n    ')}\r\n`, `  ${M}\r\n`],
  ['spaced', `${each(TOKEN, (letter) => `${letter} `)}.`, `${M} .`],
  ['base64, folded', `${fold(Buffer.from(`user:${TOKEN}`).toString('base64'), 16)}\n`, ''],
  [
    'hex, in pairs',
    `${each(Buffer.from(TOKEN).toString('hex'), (digit, index) => (index % 2 === 1 ? `${digit} ` : digit))}|`,
    `${M} |`,
  ],
  ['quoted by a shell', `'${TOKEN.slice(0, 12)}'\\''${TOKEN.slice(12)}'`, `'${M}'`],
  ['continued with a backslash', `${TOKEN.slice(0, 20)}\\\n${TOKEN.slice(20)} `, `${M} `],
  ['UTF-16', each(`${TOKEN}!`, (letter) => `${letter}\0`), `${M}\0!\0`],
  ['overstruck', each(TOKEN, (letter) => `${letter}\b${letter}`), M],
  ['underlined', each(TOKEN, (letter) => `_\b${letter}`), M],
  ['at the right margin of less', `${TOKEN.slice(0, 20)} \b${TOKEN.slice(20)} `, `${M} `],
  [
    'before the cursor goes back over it',
    `x="${TOKEN}"${'\b'.repeat(TOKEN.length + 1)}!\r\n`,
    `x="${M}"${'\b'.repeat(TOKEN.length + 1)}!\r\n`,
  ],
  [
    'before the cursor goes back over half of it',
    `${TOKEN}${'\b'.repeat(half)}\r\n`,
    `${M}${'\b'.repeat(half)}\r\n`,
  ],
  [
    'printed again behind each key that a line editor gets',
    each('say', (key) => `${key}${TOKEN}${'\b'.repeat(TOKEN.length)}`),
    each('say', (key) => `${key}${M}${'\b'.repeat(TOKEN.length)}`),
  ],
  ['in a title', `${esc}]0;me ${TOKEN}\u0007$ `, `${esc}]0;me ${M}\u0007$ `],
  [
    'in a link',
    `${esc}]8;;https://x/?t=${TOKEN}${esc}\\link${esc}]8;;${esc}\\`,
    `${esc}]8;;https://x/?t=${M}${esc}\\link${esc}]8;;${esc}\\`,
  ],
  [
    'in the clipboard',
    `${esc}]52;c;${Buffer.from(TOKEN).toString('base64')}\u0007`,
    `${esc}]52;c;${M}\u0007`,
  ],
  ['in a string that never ends', `${esc}]0;never${TOKEN} and on`, `${esc}]0;never${M} and on`],
  ['a piece of its beginning', `key ${TOKEN.slice(0, 14)}… `, `key ${M}… `],
  ['a piece of its end', `…${TOKEN.slice(-9)} `, `…${M} `],
  ['a piece of its middle', `…${TOKEN.slice(8, 21)}… `, `…${M}… `],
  [
    'with a middle that is inserted later',
    `${TOKEN.slice(0, 10)}${TOKEN.slice(14)}${esc}[23D${esc}[4@${TOKEN.slice(10, 14)}\n`,
    `${M}${esc}[23D${esc}[4@${TOKEN.slice(10, 14)}\n`,
  ],
  [
    'a piece before a word that begins as it goes on',
    `half ${TOKEN.slice(0, half)} ${TOKEN[half]}ver\n`,
    `half ${M} ${TOKEN[half]}ver\n`,
  ],
  [
    'a piece behind a word that ends as it began',
    `so ${TOKEN.slice(half - 2, half)}\n${TOKEN.slice(half)} more\n`,
    `so ${TOKEN.slice(half - 2, half)}\n${M} more\n`,
  ],
  [
    'in two columns',
    `| ${TOKEN.slice(0, half)} | one |\n| ${TOKEN.slice(half)} | two |\n`,
    `| ${M} | one |\n| ${M} | two |\n`,
  ],
];
/** Blanks between the first characters: when they come one by one, up to seven are shown. */
const inPieces = [
  'base64, folded',
  'spaced',
  'hex, in pairs',
  'in two columns',
  'at the right margin of less',
];

/** Other ways to write it down, that are not the same on the screen. */
const written: readonly (readonly [string, string])[] = [
  ['JSON in JSON', JSON.stringify(JSON.stringify({ key: KEY }))],
  ['\\u escapes of Go', JSON.stringify(KEY).replaceAll('&', '\\u0026')],
  [
    '\\u escapes of .NET',
    JSON.stringify(KEY).replace(
      /[&"+]/g,
      (c) => `\\u00${c.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  ],
  ['HTML', KEY.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
  ['percent', encodeURIComponent(KEY)],
  ['percent, lower case', encodeURIComponent(KEY).replace(/%../g, (part) => part.toLowerCase())],
  ['base64 in a header', Buffer.from(`AKIA:${KEY}`).toString('base64')],
  ['base64url', Buffer.from(`x${KEY}yz`).toString('base64url')],
  ['a Makefile', KEY.replaceAll('$', '$$$$')],
];

function expectHidden(safe: string, value: string): void {
  for (let at = 0; at + 12 <= value.length; at += 1) {
    expect(safe.replace(/[\s\\'"]/g, '')).not.toContain(
      value.slice(at, at + 12).replace(/["]/g, ''),
    );
  }
}

describe('what a reader sees in one piece is masked, however the output is cut', () => {
  test.each(seen.map(([how, input, output]) => ({ how, input, output })))(
    '$how',
    ({ how, input, output }) => {
      const table = tableOf(TOKEN);
      const bytes = Buffer.from(input);
      const whole = run(table, bytes);
      if (output !== '') expect(whole.text()).toBe(output);
      expect(whole.text()).toContain(M);
      expectHidden(whole.text(), TOKEN);
      const slow = run(table, bytes, everyByte(bytes)).text();
      expectHidden(slow, TOKEN);
      if (inPieces.includes(how)) return;
      expect(slow).toBe(whole.text());
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
          expect(run(table, bytes, cuts).text()).toBe(whole.text());
        }),
        { numRuns: 30 },
      );
    },
  );

  test.each(written.map(([how, input]) => ({ how, input })))('written as $how', ({ input }) => {
    const table = RedactionTable.build([needle(KEY, 'KEY', [])]);
    const bytes = Buffer.from(`a ${input} b\n`);
    const safe = run(table, bytes).text();
    expect(safe).toContain(M);
    expectHidden(safe, KEY);
    expect(safe.length).toBeLessThan(40);
    expect(run(table, bytes, everyByte(bytes)).text()).toBe(safe);
  });

  test.each([
    ['xxd', []],
    ['od', ['-c']],
    ['od', ['-tx1']],
    ['hexdump', ['-C']],
    ['base64', ['-w', '12']],
    ['fold', ['-w', '7']],
    ['sed', ['s/./& /g']],
    ['rev', []],
  ] as const)('what %s %j makes of it', (program, args) => {
    const { stdout, error } = spawnSync(program, [...args], { input: `token=${TOKEN}\n` });
    if (error !== undefined) return; // not installed here
    const safe = run(tableOf(TOKEN), stdout).text();
    if (program === 'rev')
      expect(safe).toBe(stdout.toString()); // openly not promised
    else expectHidden(safe, TOKEN);
    if (program !== 'rev') expect(safe).toContain(M);
  });
});

describe('on a terminal', () => {
  const scenario = fc.record({
    before: fc.string({ maxLength: 12, unit: fc.constantFrom(...'ab $\t') }),
    parts: fc.array(
      fc.tuple(
        fc.nat(TOKEN.length),
        fc.constantFrom(
          ...[`${esc}[31m`, `${esc}[0m`, '\r\n', ' \b', `${esc}[K`],
          ...[`${esc}]0;t\u0007`, `${esc}]0;${TOKEN}\u0007`, `${esc}]8;;x?${TOKEN}${esc}\\`],
        ),
      ),
      { maxLength: 5 },
    ),
    after: fc.string({ maxLength: 12, unit: fc.constantFrom(...'ab $\n') }),
  });
  const textOf = ({
    before,
    parts,
    after,
  }: {
    before: string;
    parts: [number, string][];
    after: string;
  }) => {
    const cuts = parts.toSorted(([a], [b]) => b - a);
    const value = cuts.reduce(
      (text, [at, between]) => text.slice(0, at) + between + text.slice(at),
      TOKEN,
    );
    return `${before}${value}${after}`;
  };

  test('no value is on the screen, and everything else is where it was', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.array(fc.nat(120), { maxLength: 6 }), async (parts, cuts) => {
        const bytes = Buffer.from(textOf(parts));
        const raw = await screenOf(bytes);
        const safe = run(tableOf(TOKEN), bytes, cuts, 'tty').bytes();
        const masked = await screenOf(safe);
        expect(masked.cursor).toEqual(raw.cursor);
        expect(masked.text.replace(/\s/g, '')).not.toContain(TOKEN.slice(3, 15));
        expect(safe.toString()).not.toContain(TOKEN.slice(3, 15));
        const shown = [...masked.text];
        const cells = [...raw.text].map((cell, at) => [cell, shown[at]]);
        for (const [was, is] of cells) {
          if (was === '$' || was === ' ') expect(is).toBe(was);
        }
      }),
      { numRuns: 100 },
    );
  }, 240_000);

  test('an escape sequence that is cut behind the first piece of a value stays whole', () => {
    const bytes = Buffer.from(`${TOKEN.slice(0, 33)}\r\n${esc}[31m${TOKEN.slice(33)}`);
    for (const mode of ['pipe', 'tty'] as const) {
      const whole = run(tableOf(TOKEN), bytes, [], mode).text();
      expect(whole).toContain(`${esc}[31m`);
      for (let cut = 33; cut < bytes.length; cut += 1) {
        expect(run(tableOf(TOKEN), bytes, [cut], mode).text()).toContain(`${esc}[31m`);
        if (mode === 'tty') expect(run(tableOf(TOKEN), bytes, [cut], mode).text()).toBe(whole);
      }
    }
  });

  test('what is safe is not masked again', () => {
    fc.assert(
      fc.property(scenario, (parts) => {
        for (const mode of ['pipe', 'tty'] as const) {
          const once = run(tableOf(TOKEN), Buffer.from(textOf(parts)), [], mode).bytes();
          expect(run(tableOf(TOKEN), once, [], mode).bytes()).toEqual(once);
        }
      }),
    );
  });
});

test('short and regular values are told, and found only where they stand whole', () => {
  const needles = [
    needle('abc123', 'PIN', []),
    needle(TOKEN),
    needle('aaaaaaaaaaaaaaaaaaaaaaaa', 'SAME', []),
  ];
  const table = RedactionTable.build(needles);
  expect(weakAmong(needles)).toEqual({ tooShort: [], wholeOnly: ['PIN', 'SAME'] });
  const text = (input: string) => run(table, Buffer.from(input)).text();
  expect(text('x abc123 y')).toBe(`x ${M} y`);
  expect(text(`x ab${esc}[1mc1${esc}[m23 y`)).toBe(`x ${M}${esc}[1m${esc}[m y`);
  expect(text('x "abc123"\b\n')).toBe(`x "${M}"\b\n`);
  expect(text('a b c 1 2 3')).toBe('a b c 1 2 3');
  expect(text('aaaaaaaaaaaaaa')).toBe('aaaaaaaaaaaaaa');
});

test('a dump with few bytes a row hides them in its column of characters too', () => {
  const bytes = Buffer.from(`token=${TOKEN}\nthe next line\n`);
  const rows = Array.from({ length: Math.ceil(bytes.length / 8) }, (_, row) => {
    const part = bytes.subarray(8 * row, 8 * row + 8);
    const characters = part.toString().replace(/\n/g, '.');
    const place = (8 * row).toString(16).padStart(8, '0');
    return {
      characters,
      line: `${place}: ${part.toString('hex').replace(/..../g, '$& ')} ${characters}\n`,
    };
  });
  const dump = Buffer.from(rows.map(({ line }) => line).join(''));
  const inside = rows.filter(({ characters }) => TOKEN.slice(2).includes(characters));
  expect(inside.length).toBeGreaterThan(3);
  for (const text of [run(tableOf(TOKEN), dump), run(tableOf(TOKEN), dump, [130, 151, 180])]) {
    for (const { characters } of inside) expect(text.text()).not.toContain(characters);
    expect(text.text()).toContain(`: 746f 6b65 6e3d 6866  token=hf\n`);
    expect(text.text()).toContain('next lin');
  }
  const others = rows.map(({ line }) => line.slice(0, -9)).join('AbCdEfGx\n');
  expect(run(tableOf(TOKEN), Buffer.from(others)).text()).toContain('AbCdEfGx');
});

describe('a password is found where a reader would read it', () => {
  const words = 'correct horse battery Straße';
  const points = 'Пароль-Ünïcødé-🔑';
  const table = RedactionTable.build([
    needle('abc123', 'PIN', []),
    needle(words, 'WORDS', []),
    needle(points, 'POINTS', []),
  ]);
  const inPython = 'Ünïcødé'.replace(/[^!-~]/g, (one) => `\\x${one.charCodeAt(0).toString(16)}`);
  const numbered = (open: string, close: string) =>
    [...points]
      .map((one) => (one < '~' ? one : `${open}${one.codePointAt(0)?.toString(16)}${close}`))
      .join('');
  test.each([
    ['bold', each('abc123', (letter) => `${letter}\b${letter}`)],
    ['underlined', each('abc123', (letter) => `_\b${letter}`)],
    ['at the right margin of a line editor', 'abc \r123'],
    ['at the right margin of less', 'abc1 \b23'],
    ['wrapped at a blank', words.replace('horse ', 'horse\n')],
    ['wrapped at a blank, and indented', words.replace('horse ', 'horse\r\n    ')],
    ['UTF-16', Buffer.from(words, 'utf16le')],
    [
      'a dump of its bytes',
      each(Buffer.from('abc123').toString('hex'), (d, i) => `${d}${' '.repeat(i % 2)}`),
    ],
    [
      'escaped as Python does',
      `\\u041f\\u0430\\u0440\\u043e\\u043b\\u044c-${inPython}-\\U0001f511`,
    ],
    ['escaped as Perl does', numbered('\\x{', '}')],
    ['escaped as Rust does', numbered('\\u{', '}')],
  ])('%s', (_, input) => {
    const around = [Buffer.from('<'), Buffer.from(input), Buffer.from('>')];
    const { hits, bytes } = run(table, Buffer.concat(around));
    expect(
      bytes()
        .toString('latin1')
        .replace(/[ \0\\]/g, ''),
    ).toBe('<[REDACTED]>');
    expect(hits).toHaveLength(1);
  });
});

test('rows that stand in many texts are no pieces of a value', () => {
  const table = RedactionTable.build([
    needle('EXAMPLEonlyNotARealSecretKey/0123456789+', 'A', []),
    needle('exampleabcdefghijklmnop0123456789example', 'B', []),
  ]);
  const rows = Array.from({ length: 2000 }, (_, index) => index);
  const texts = [
    rows.join('\n'),
    rows.map((one) => one.toString(16)).join(' '),
    'abcdefghijklmnopqrstuvwxyz0123456789\n',
    Buffer.from('0123456789').toString('hex'),
  ];
  for (const text of texts) expect(run(table, Buffer.from(text)).text()).toBe(text);
});
