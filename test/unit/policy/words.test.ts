import { describe, expect, test } from 'vitest';
import { inspect, type Words } from '../../../src/supervisor/policy/words.ts';

const lone = (text: string): Words | undefined => {
  const read = inspect(text);
  return read.shape === 'lone' ? read.command : undefined;
};
const compound = (text: string) => {
  const read = inspect(text);
  if (read.shape !== 'compound') throw new Error(read.shape);
  return read;
};

describe('one command', () => {
  test.each([
    ['aws s3 ls', { name: 'aws', args: ['s3', 'ls'], assignments: {}, at: 0 }],
    ["'aws' \"s3\" $'l\\x73'", { name: 'aws', args: ['s3', 'ls'], assignments: {}, at: 0 }],
    ['A=1 B="x y" aws', { name: 'aws', args: [], assignments: { A: '1', B: 'x y' }, at: 12 }],
    [
      'A=$X B+=1 aws',
      { name: 'aws', args: [], assignments: { A: undefined, B: undefined }, at: 10 },
    ],
    [
      'aws $X "a$Y" *.txt ~/x ~',
      {
        name: 'aws',
        args: [undefined, undefined, undefined, undefined, undefined],
        assignments: {},
        at: 0,
      },
    ],
    ['aws > out 2>&1', { name: 'aws', args: [], assignments: {}, at: 0 }],
    ['export A=1 B', { name: 'export', args: ['A=1', 'B'], assignments: {}, at: 0 }],
    ['export A=$X', { name: 'export', args: [undefined], assignments: {}, at: 0 }],
    [
      'python < x.py',
      { name: 'python', args: [], assignments: {}, at: 0, stdin: { path: 'x.py' } },
    ],
    ['python < $X', { name: 'python', args: [], assignments: {}, at: 0, stdin: 'unknown' }],
    [
      'python <<< "import x"',
      { name: 'python', args: [], assignments: {}, at: 0, stdin: { text: 'import x' } },
    ],
    ['python <<< "$X"', { name: 'python', args: [], assignments: {}, at: 0, stdin: 'unknown' }],
    [
      "python <<'E'\nimport $x\nE",
      { name: 'python', args: [], assignments: {}, at: 0, stdin: { text: 'import $x\n' } },
    ],
    [
      'python <<E\nimport x\nE',
      { name: 'python', args: [], assignments: {}, at: 0, stdin: { text: 'import x\n' } },
    ],
    [
      'python <<E\nimport $x\nE',
      { name: 'python', args: [], assignments: {}, at: 0, stdin: 'unknown' },
    ],
    ['python <& 3', { name: 'python', args: [], assignments: {}, at: 0, stdin: 'unknown' }],
    ['python <> file', { name: 'python', args: [], assignments: {}, at: 0, stdin: 'unknown' }],
    ['python 3< file', { name: 'python', args: [], assignments: {}, at: 0 }],
    [
      'python 0< file',
      { name: 'python', args: [], assignments: {}, at: 0, stdin: { path: 'file' } },
    ],
    ['python < a < b', { name: 'python', args: [], assignments: {}, at: 0, stdin: { path: 'b' } }],
  ])('%j', (text, words) => expect(lone(text)).toEqual(words));
});

describe('text that may run more', () => {
  test.each([
    'a; b',
    'a | b',
    'a &',
    'a "$(b)"',
    'a `b`',
    'a <(b)',
    'a $((x))',
    'a ${x[0]}',
    'a ${!x}',
    'a ${x@P}',
    'a ${x:1}',
    'a > "$(b)"',
    'if a; then b; fi',
    '$X',
    'A=1',
    '',
    'f() { a; }',
  ])('%j is no lone command', (text) => expect(inspect(text).shape).toBe('compound'));

  test.each(['a $X', 'a ${X}', 'a ${X:-y}', 'a ${X#y}', 'a "$X"', 'a *'])('%j is one', (text) =>
    expect(inspect(text).shape).toBe('lone'),
  );

  test('its commands, what it sets, and its functions', () => {
    const { commands, sets, functions } = compound(
      'A=1; B=$X; export C=2 D; declare -r E=3; local F=4; echo G=5; f() { one; }; function g { two; }; $X; three',
    );
    expect(commands.map(({ name }) => name)).toEqual([
      'export',
      'declare',
      'local',
      'echo',
      'one',
      'two',
      'three',
    ]);
    expect(sets).toEqual({ A: '1', B: undefined, C: '2', E: '3', F: '4' });
    expect(functions).toEqual(['f', 'g']);
  });

  test('what reads a pipe', () => {
    const { commands } = compound('a | b | (c; d < file) ; e');
    expect(commands.map(({ name, piped }) => [name, piped ?? false])).toEqual([
      ['a', false],
      ['b', true],
      ['c', true],
      ['d', false],
      ['e', false],
    ]);
  });
});

test.each(['a "', 'if a', 'a $(b', `a ${'x'.repeat(32 * 1024)}`, 'a\0b', '"$(a "'])(
  '%j can not be read',
  (text) => expect(inspect(text)).toEqual({ shape: 'opaque' }),
);
test('as long as it may be it can', () => {
  expect(inspect(`a ${'x'.repeat(32 * 1024 - 2)}`).shape).toBe('lone');
});
