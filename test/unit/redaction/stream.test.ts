import { describe, expect, test, vi } from 'vitest';
import { RedactionStream } from '../../../src/supervisor/redaction/stream.ts';
import { RedactionTable } from '../../../src/supervisor/redaction/table.ts';
import { needle, recorder, TOKEN, tableOf } from './support.ts';

const M = '[REDACTED]';
const esc = '\u001b';

/** What is out after each write. */
function steps(chunks: readonly string[], table = tableOf(TOKEN), mode: 'pipe' | 'tty' = 'pipe') {
  const recorded = recorder(table, mode);
  const out = chunks.map((chunk) => {
    const before = recorded.bytes().length;
    recorded.stream.write(Buffer.from(chunk));
    return recorded.bytes().subarray(before).toString();
  });
  const before = recorded.bytes().length;
  recorded.stream.end();
  return { out, rest: recorded.bytes().subarray(before).toString(), hits: recorded.hits };
}

describe('a write', () => {
  test('tells whether a value stood in it or went on in it', () => {
    const { stream } = recorder(tableOf(TOKEN));
    expect(stream.write(Buffer.from('clean '))).toBe(false);
    expect(stream.write(Buffer.from(TOKEN.slice(0, 20)))).toBe(true);
    expect(stream.write(Buffer.from(TOKEN.slice(20)))).toBe(true);
    expect(stream.write(Buffer.from(' clean '))).toBe(true); // it is still seen, and copied
    expect(stream.write(Buffer.alloc(0))).toBe(false);
    expect(stream.write(Buffer.from(`${'clean '.repeat(200)}`))).toBe(true);
    expect(stream.write(Buffer.from('clean '))).toBe(false);
    stream.end();
  });

  test('without a value passes the very buffer on, or the part that does not wait', () => {
    const out: Buffer[] = [];
    const texts: string[] = [];
    const emit = (bytes: Buffer) => {
      out.push(bytes);
      texts.push(bytes.toString());
    };
    const stream = new RedactionStream(tableOf(TOKEN), {
      mode: 'pipe',
      emit,
      onHit: () => undefined,
    });
    const chunks = ['one line\n', 'another, and a word', ' then ', 'last\n'].map((text) =>
      Buffer.from(text),
    );
    for (const chunk of chunks) stream.write(chunk);
    expect(out[0]).toBe(chunks[0]);
    expect(texts).toEqual(['one line\n', 'another, and a ', 'word then ', 'last\n']);
    expect(out[3]).toBe(chunks[3]);
    stream.end();
    expect(out).toHaveLength(4);
  });

  test('copies nothing of a first chunk without a value', () => {
    const chunk = Buffer.alloc(9, 'say a wor');
    const memory: ArrayBufferLike[] = [];
    const stream = new RedactionStream(tableOf(TOKEN), {
      mode: 'pipe',
      emit: (bytes) => void memory.push(bytes.buffer),
      onHit: () => undefined,
    });
    stream.write(chunk);
    expect(memory).toHaveLength(1);
    expect(memory[0]).toBe(chunk.buffer);
    stream.end();
  });

  test('hands nothing over where all of it waits', () => {
    const sizes: number[] = [];
    const stream = new RedactionStream(tableOf(TOKEN), {
      mode: 'pipe',
      emit: ({ length }) => void sizes.push(length),
      onHit: () => undefined,
    });
    stream.write(Buffer.from('word'));
    stream.write(Buffer.from('s'));
    expect(sizes).toEqual([]);
    stream.end();
    stream.end();
    expect(sizes).toEqual([5]);
  });

  test('overwrites nothing that others still read', () => {
    const out: Buffer[] = [];
    const emit = (bytes: Buffer) => void out.push(bytes);
    const stream = new RedactionStream(tableOf(TOKEN), {
      mode: 'pipe',
      emit,
      onHit: () => undefined,
    });
    stream.write(Buffer.from(`before ${TOKEN} behind\n`));
    stream.write(Buffer.from(`${TOKEN}\n`));
    stream.end();
    expect(Buffer.concat(out).toString()).toBe(`before ${M} behind\n${M}\n`);
  });

  test('may be overwritten as soon as it told of a value, though that is not out yet', () => {
    const out: Buffer[] = [];
    const stream = new RedactionStream(tableOf('sixsix', 'sixsixandmoresix'), {
      mode: 'pipe',
      emit: (bytes) => void out.push(bytes),
      onHit: () => undefined,
    });
    const chunk = Buffer.from('say sixsix');
    expect(stream.write(chunk)).toBe(true);
    chunk.fill(0);
    expect(Buffer.concat(out).toString()).toBe('say ');
    stream.end();
    expect(Buffer.concat(out).toString()).toBe(`say ${M}`);
  });

  test('leaves one copy of a value while that may go on, and none behind the end', () => {
    const chunks = [`say ${TOKEN.slice(0, 20)}`, `${TOKEN.slice(20)} a`, ' b', ' c'].map((text) =>
      Buffer.from(text),
    );
    const { stream, text } = recorder(tableOf(TOKEN));
    const made = vi.spyOn(Buffer, 'from');
    const copies = () =>
      made.mock.results.filter(({ value }) => (value as Buffer).includes(TOKEN.slice(3, 20)));
    const left = chunks.map((chunk) => {
      stream.write(chunk);
      return copies().length;
    });
    stream.end();
    expect([...left, copies().length]).toEqual([1, 1, 1, 1, 0]);
    expect(made.mock.calls.length).toBeGreaterThan(left.length);
    made.mockRestore();
    expect(text()).toBe(`say ${M} a b c`);
  });
});

test('a stream may be written while another hands over what it has', () => {
  const inner = recorder(tableOf(TOKEN));
  inner.stream.write(Buffer.from('word'));
  const seen: string[] = [];
  const outer = new RedactionStream(tableOf(TOKEN), {
    mode: 'pipe',
    emit(bytes) {
      seen.push(bytes.toString());
      inner.stream.write(Buffer.from(` ${TOKEN.slice(0, 9)}`));
      inner.stream.write(Buffer.from(`${TOKEN.slice(9)} word`));
    },
    onHit: () => undefined,
  });
  outer.write(Buffer.from('begun'));
  outer.write(Buffer.from(` and ${TOKEN.slice(0, 12)}`));
  outer.write(Buffer.from(`${TOKEN.slice(12)}\n`));
  outer.end();
  inner.stream.end();
  expect(seen.join('')).toBe(`begun and ${M}\n`);
  expect(seen.length).toBeGreaterThan(1);
  expect(inner.text()).toBe(`word${` ${M} word`.repeat(seen.length)}`);
});

describe('what waits', () => {
  test.each([
    ['a word', ['say word'], ['say '], 'word'],
    [
      'the last sixty-three characters of a long one',
      ['x'.repeat(100)],
      ['x'.repeat(37)],
      'x'.repeat(63),
    ],
    [
      'as many behind colour',
      [`${esc}[1m${'x'.repeat(100)}`],
      [`${esc}[1m${'x'.repeat(37)}`],
      'x'.repeat(63),
    ],
    ['all that may begin a long value', ['x'.repeat(100)], [''], 'x'.repeat(100), 'y!'.repeat(80)],
    ['nothing behind a blank', ['word '], ['word '], ''],
    ['the word behind colour', [`say ${esc}[1mword`], [`say ${esc}[1m`], 'word'],
    ['colour behind a word', [`say word${esc}[1m`], ['say '], `word${esc}[1m`],
    ['the end of a title', [`${esc}]0;a title`], [`${esc}]0;a `], 'title'],
    ['also where that may be over', [`${esc}]0;a title${esc}`], [`${esc}]0;a `], `title${esc}`],
    ['what a backspace took back', ['say _\b'], ['say '], '_\b'],
  ] as const)('%s', (_, chunks, out, rest, value = TOKEN) => {
    expect(steps(chunks, tableOf(value))).toEqual({ out, rest, hits: [] });
  });

  test('a value that is found is out at once, and its line end where it ends there', () => {
    expect(steps([TOKEN]).out).toEqual([M]);
    expect(steps([`${TOKEN}\n`]).out).toEqual([`${M}\n`]);
    expect(steps(['a', TOKEN, 'b ']).out).toEqual(['', `a${M}`, 'b ']);
  });

  test('line ends behind a piece wait in a pipe: they may stand inside of the value', () => {
    const [first, second] = [TOKEN.slice(0, 20), TOKEN.slice(20)];
    expect(steps([`${first}\n`, `  ${second}\n`])).toEqual({
      out: [M, '\n'],
      rest: '',
      hits: ['V0'],
    });
    expect(steps([`${first}\n`, 'other\n']).out).toEqual([M, '\nother\n']);
    expect(steps([`${first}\n`]).rest).toBe('\n');
    expect(steps([first, '\n', '\n', second]).out).toEqual([M, '', '', '']);
    expect(steps([`${first}\r\n`], undefined, 'tty').out).toEqual([`${M}${' '.repeat(10)}\r\n`]);
  });

  test('with characters by which the value may go on, and that are another word if it does not', () => {
    const [first, next, rest] = [TOKEN.slice(0, 20), TOKEN.slice(20, 22), TOKEN.slice(22)];
    expect(steps([`${first} ${next}\n`, 'other\n']).out).toEqual([M, ` ${next}\nother\n`]);
    expect(steps([`${first} ${next}\n`, `${rest}\n`]).out).toEqual([M, '\n']);
  });

  test('up to 256 of them', () => {
    const first = TOKEN.slice(0, 20);
    const glue = (count: number) => '\n'.repeat(count);
    expect(steps([first + glue(256)]).out).toEqual([M]);
    expect(steps([first + glue(257)]).out).toEqual([M + glue(257)]);
  });
});

describe('what is out stays known', () => {
  test('for a piece that goes on, over 160 bytes', () => {
    const between = `${'other '.repeat(26)}\n`;
    const [first, second] = [TOKEN.slice(0, 25), TOKEN.slice(25)];
    expect(steps([`${first} `, between, `${second} `]).out.join('')).toBe(`${M} ${between}${M} `);
    expect(steps([`${first} `, between, TOKEN.slice(25, 32)]).out.join('')).toBe(
      `${M} ${between}${M}`,
    );
    const far = 'other '.repeat(40);
    expect(steps([`${first} `, far, `${TOKEN.slice(25, 32)} `]).out.join('')).toBe(
      `${M} ${far}${TOKEN.slice(25, 32)} `,
    );
  });

  test('and for one that leads back, as far as it is not out yet', () => {
    expect(steps([`${TOKEN.slice(3, 10)} `, `${TOKEN.slice(10, 30)} `])).toMatchObject({
      out: [`${TOKEN.slice(3, 10)} `, M],
      rest: ' ', // inside of the value it would go with it
    });
  });

  const isKnown = (value: string, first: string, table: RedactionTable) => {
    const { stream } = recorder(table);
    stream.write(Buffer.from(first));
    stream.use(tableOf(value));
    const found = stream.write(Buffer.from('.'));
    stream.end();
    return found;
  };

  test.each([
    ['plain text', '', ''],
    ['text that waits in part', '', 'word'],
    ['text behind colour', `${esc}[1m`, ''],
    ['text behind colour that waits in part', `${esc}[1m`, 'word'],
  ])('for 64 characters of %s, for 192 behind a value', (_, begin, end) => {
    const behind = (most: number) => begin + TOKEN + '!'.repeat(most - 8) + end;
    const other = tableOf('otherfakevalue');
    expect(isKnown(TOKEN, behind(64), other)).toBe(true);
    expect(isKnown(TOKEN, behind(65), other)).toBe(false);
    expect(isKnown(TOKEN, behind(192), tableOf(TOKEN))).toBe(true);
    expect(isKnown(TOKEN, behind(193), tableOf(TOKEN))).toBe(false);
  });

  test('in its state of the escape parser', () => {
    expect(steps([`${esc}]0;`, TOKEN, `${esc}\\ ${TOKEN} `]).out.join('')).toBe(
      `${esc}]0;${M}${esc}\\ ${M} `,
    );
    expect(steps([`a ${esc}`, `[3`, `1m${TOKEN} `]).out.join('')).toBe(`a ${esc}[31m${M} `);
    const long = 'word '.repeat(3000);
    expect(steps([`${esc}]0;${long}`, `${TOKEN} `]).out.join('')).toBe(`${esc}]0;${long}${M} `);
  });

  test.each([
    ['', ''],
    ['line! '.repeat(20), ''],
    ['', 'word'],
    ['line! '.repeat(20), 'word'],
  ])('also inside of a title longer than what is known, behind %j', (line, word) => {
    const title = `${line}${esc}]0;${'word '.repeat(3000)}`;
    // a value on the line would have cells
    expect(steps([title, word, ` ${TOKEN} `], undefined, 'tty').out.join('')).toBe(
      `${title}${word} ${M} `,
    );
  });

  test('until the end, after which a stream begins anew', () => {
    const { stream, text, hits } = recorder(tableOf(TOKEN));
    stream.write(Buffer.from(`${esc}]0;never `));
    stream.write(Buffer.from(TOKEN.slice(0, 20)));
    stream.end();
    stream.write(Buffer.from(`${TOKEN.slice(20)} ${TOKEN} `));
    stream.end();
    expect(text()).toBe(`${esc}]0;never ${M}${M} ${M} `);
    expect(hits).toHaveLength(3);
  });
});

describe('values that overlap', () => {
  test('are one mask, counted for the first', () => {
    const table = RedactionTable.build([
      needle('firstfakevalue', 'FIRST', []),
      needle('valuesecondfake', 'SECOND', []),
    ]);
    expect(steps(['x firstfakevaluesecondfake y '], table)).toEqual({
      out: [`x ${M} y `],
      rest: '',
      hits: ['FIRST'],
    });
    expect(steps(['x firstfakevalue', 'secondfake y '], table).out.join('')).toBe(`x ${M} y `);
    expect(steps(['x firstfakevaluefirstfakevalue y '], table).hits).toEqual(['FIRST', 'FIRST']);
  });

  test('behind one of another write a value has a mask of its own', () => {
    const far = 'word! '.repeat(100);
    expect(steps([`${far}${TOKEN} `, `and ${TOKEN} `])).toEqual({
      out: [`${far}${M} `, `and ${M} `],
      rest: '',
      hits: ['V0', 'V0'],
    });
    expect(steps([`${TOKEN} `, far, `${TOKEN} `]).out).toEqual([`${M} `, far, `${M} `]);
  });

  const [first, second] = [TOKEN.slice(0, 20), TOKEN.slice(20)];
  const marked = (left: string) => `${M}${' '.repeat(left.length - 10)}`;

  test('one of the line goes on behind a title that has one too', () => {
    const text = `${first}${esc}]0;me ${TOKEN}!\u0007${second} `;
    const safe = `${M}${esc}]0;me ${M}!\u0007 `;
    expect(steps([text]).out.join('')).toBe(safe);
    expect(steps([...text]).out.join('')).toBe(safe);
    const shown = `${marked(first)}${esc}]0;me ${M}!\u0007${' '.repeat(second.length)} `;
    expect(steps([text], undefined, 'tty').out.join('')).toBe(shown);
    expect(steps([...text], undefined, 'tty').out.join('')).toBe(shown);
  });

  test('one of two titles leaves the line between them, and a value there has a mask of its own', () => {
    const text = `${esc}]0;${first}\u0007line ${TOKEN} line${esc}]0;${second}\u0007 `;
    expect(steps([text]).out.join('')).toBe(
      `${esc}]0;${M}\u0007line ${M} line${esc}]0;${M}\u0007 `,
    );
    expect(steps([...text]).out.join('')).not.toContain(TOKEN.slice(10, 18));
  });
});

describe('on a terminal, where the marker has its cells', () => {
  const blanks = (count: number) => ' '.repeat(count);

  test('a part that is too narrow for it waits for more', () => {
    const [first, second] = [TOKEN.slice(3, 11), TOKEN.slice(11)];
    expect(steps([first, `${second} `], undefined, 'tty')).toEqual({
      out: ['', `${M}${blanks(24)} `],
      rest: '',
      hits: ['V0'],
    });
    expect(steps([first], undefined, 'tty')).toEqual({ out: [''], rest: '********', hits: ['V0'] });
    expect(steps([`${first} `], undefined, 'tty').out).toEqual(['******** ']);
  });

  test('nothing leaves before what waits', () => {
    expect(steps([`${TOKEN.slice(3, 11)} `, 'word '], undefined, 'tty').out).toEqual([
      '******** ',
      'word ',
    ]);
    expect(steps(['x', 'sixsix', ' '], tableOf('sixsix'), 'tty').out).toEqual(['', '', 'x****** ']);
  });

  test('a value that may begin a longer one is told of when it shows', () => {
    const table = tableOf('sixsix', 'sixsixandmoresix');
    const { stream, hits, text } = recorder(table, 'tty');
    stream.write(Buffer.from('sixsix'));
    expect(hits).toEqual([]);
    stream.end();
    expect(hits).toEqual(['V0']);
    expect(text()).toBe('******');
  });

  test('two that touch are told of once each, though the second waits', () => {
    const text = `${TOKEN.slice(-10)}${TOKEN.slice(3, 11)}`;
    expect(steps([text], undefined, 'tty')).toEqual({
      out: [M],
      rest: '********',
      hits: ['V0', 'V0'],
    });
  });
});

test('another table holds from the next byte on, also for what waits', () => {
  const { stream, text } = recorder(tableOf('otherfakevalue'));
  stream.write(Buffer.from(`${TOKEN} ${TOKEN.slice(0, 15)}`));
  stream.use(tableOf(TOKEN));
  stream.write(Buffer.from(`${TOKEN.slice(15)} otherfakevalue `));
  stream.end();
  expect(text()).toBe(`${TOKEN} ${M} otherfakevalue `);
});

test('what a table that lets a value through has looked at is overwritten', () => {
  const forgetsAfter = (table: RedactionTable, text: string) => {
    let times = 0;
    const forget = table.forget.bind(table);
    table.forget = () => {
      times += 1;
      forget();
    };
    const { stream } = recorder(table);
    stream.write(Buffer.from(text));
    const atOnce = times;
    stream.end();
    return [atOnce, times];
  };
  expect(forgetsAfter(tableOf(TOKEN).without(['V0']), `${TOKEN}\n`)).toEqual([1, 1]);
  expect(forgetsAfter(tableOf(TOKEN), `${TOKEN}\n`)).toEqual([1, 1]);
  expect(forgetsAfter(tableOf(TOKEN), 'nothing\n')).toEqual([0, 0]);
  // what waits is looked at once more
  expect(forgetsAfter(tableOf(TOKEN).without(['V0']), `${TOKEN} word`)).toEqual([1, 2]);
  expect(forgetsAfter(tableOf(TOKEN), `${TOKEN} word`)).toEqual([1, 2]);
  expect(forgetsAfter(tableOf(TOKEN), 'nothing')).toEqual([0, 0]);
});
