import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scanPython } from '../../../src/supervisor/policy/python.ts';

describe('imports', () => {
  test.each<[string, string[]]>([
    ['import a', ['a']],
    ['import a.b as c, d', ['a.b', 'd']],
    ['from a import b', ['a', 'a.b']],
    ['from a.b import (c as x,\n  d, # e\n)', ['a.b', 'a.b.c', 'a.b.d']],
    ['from . import a', ['.', '.a']],
    ['from ..a import b', ['..a', '..a.b']],
    ['from a import *', ['a']],
    ['import a; import b', ['a', 'b']],
    ['import \\\n  a', ['a']],
    ['try: import a\nexcept ImportError: import b', ['a', 'b']],
    ['def f():\n\timport a', ['a']],
    ['"""\nimport a\n"""', []],
    ["x = 'import a'", []],
    ['# import a', []],
    ['x = """\\"""\nimport a\n"""', []],
    ['x = (1,\nimport_a)\nimport b', ['b']],
    ['if TYPE_CHECKING:\n    import a\n    import b\nimport c', ['c']],
    ['if typing.TYPE_CHECKING:\n    import a\nelse:\n    import b', ['b']],
    ['importlib.import_module("a.b")', ['a.b']],
    ['__import__("a")', ['a']],
    ['import_module(name)', []],
    ['import_module(f"a{x}")', []],
    ['x = f"{y["a"]}"\nimport b', ['b']],
    ['x = f"{{ {y:>{w}} # "\nimport b', ['b']],
    ['x = rb"\\"\nimport a', ['a']],
    ['x = "unclosed\nimport a', ['a']],
    ['\uFEFFimport a\r\nimport b', ['a', 'b']],
    ['importance = from_x', []],
  ])('%j → %j', (text, imports) => {
    expect(scanPython(text).imports).toEqual(imports);
  });
});

test.each<[string, string[]]>([
  ['f(report_to="wandb")', ['wandb']],
  ['f(report_to=["tensorboard", "wandb"])', ['tensorboard', 'wandb']],
  ['x = {"report_to": "wandb"}', ['wandb']],
  ['log_with: str = "wandb"', ['wandb']],
  ['# report_to="wandb"', []],
])('reporters of %j', (text, reporters) => {
  expect(scanPython(text).reporters).toEqual(reporters);
});

test('class names in the code count, those in strings do not', () => {
  expect(scanPython('l = pl.WandbLogger()\nx = "WandbCallback"').names).toEqual(['WandbLogger']);
});

test('any text is read to its end', () => {
  const piece = fc.constantFrom(
    'f"',
    '"',
    "'''",
    '{',
    '}',
    ':',
    '\\',
    '\n',
    '(',
    ')',
    'import a',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const { imports } = scanPython(`import first\n${pieces.join('')}`);
      expect(imports[0]).toBe('first');
    }),
  );
});

test.each(['f"{', 'report_to=', 'report_to:', 'if x: import ', '(', '{a:'])(
  'a long row of %j is read in time that grows with its length',
  (piece) => {
    const { imports } = scanPython(`import first\n${piece.repeat(200_000)}`);
    expect(imports[0]).toBe('first');
  },
  2000,
);
