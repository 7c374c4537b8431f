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
    ['if TYPE_CHECKING:\n\timport a\n\tif x:\n\t\timport b\n\timport c\nimport d', ['d']],
    ['if TYPE_CHECKING:\n        import a\n\timport b\n  \timport c\nimport d', ['d']],
    ['if x:\n  if TYPE_CHECKING:\n    import a\n  import b', ['b']],
    ['if TYPE_CHECKING and x:\n  import a', ['a']],
    ['if not TYPE_CHECKING:\n  import a', ['a']],
    ['\fimport a', ['a']],
    ['x = [\nimport_a,\n# import b\n]; import c', ['c']],
    ['x = (1; import a)\nimport b', ['b']],
    ['f(x))\nimport a', ['a']],
    ['}\nimport a\n(\nimport b', ['a']],
    ['x = {"a": [1,\n2]}\nimport b', ['b']],
    ['import a # , b', ['a']],
    ['import a.b.c', ['a.b.c']],
    ['import a as b, c as d', ['a', 'c']],
    ['from a import (b, c)', ['a', 'a.b', 'a.c']],
    ['from ... import a', ['...', '...a']],
    ['from .a.b import c as d', ['.a.b', '.a.b.c']],
    ['from import a', []],
    ['from a', []],
    ['import', []],
    ['x.import_module("a")', ['a']],
    ['import_module("a", package="b")', ['a']],
    ['import_module("a" + b)', []],
    ['import_module["a"]', []],
    ['__import__(b"a")', []],
    ['__import__(r"a")', ['a']],
    ['__import__(u"a")', ['a']],
    ['__import__("a\\x62")', []],
    ['"import_module"("a")', []],
    ['with x: import a', ['a']],
    ['for x in y: import a', ['a']],
    ['while x: from a import b', ['a', 'a.b']],
    ['else: import a', ['a']],
    ['x: import_a = 1', []],
    ['lambda: import_module("a")', ['a']],
    ['class A: import a', ['a']],
    ['async def f(): import a', ['a']],
    ["x = 'a\\'\nimport b'\nimport c", ['c']],
    ["x = 'a\\\nimport b'\nimport c", ['c']],
    ["x = b'''\nimport a\n''' ; import b", ['b']],
    ["x = F'''{\n'import a'\n}''' ; import b", ['b']],
    ["x = f'{a!r:>{b}}' ; import c", ['c']],
    ["x = f'{a['b']}' ; import c", ['c']],
    ["x = f'{f'{f'{a}'}'}' ; import c", ['c']],
    ["x = f'{{' ; import c", ['c']],
    ["x = f'{a:%H:%M}' ; import c", ['c']],
    ["x = f'{(lambda: 1)()}' ; import c", ['c']],
    ["x = f'{ {1: 2}[1] }' ; import c", ['c']],
    ["x = f'\\{a}' ; import c", ['c']],
    ["x = f'\\N{DASH}' ; import c", ['c']],
    ["x = rf'\\{a}' ; import c", ['c']],
    ["x = t'{a}' ; import c", ['c']],
    ["x = f'{a' \nimport c", []],
    ['x = f"{a:" \nimport c', ['c']],
    ['bf = 1\nfr = 2\nimport c', ['c']],
    ["x = not_f'{import a}'\nimport c", ['c']],
    ['x = ""\nimport a', ['a']],
    ['x = ""; import a', ['a']],
    ['x = """"""; import a', ['a']],
    ["x = '''a''b'''; import a", ['a']],
    ['import ä.b', ['ä.b']],
    ['if a:\n  pass\nelif b: import c', ['c']],
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
  ['report_to=("wandb",)', ['wandb']],
  ['f(logger="wandb", x="y")', ['wandb']],
  ['f(report_to=x, y="wandb")', []],
  ['f(report_to=None)', []],
  ['f(report_to="none")', ['none']],
  ['report_to == "wandb"', []],
  ['"report_to" = "wandb"', []],
  ["{'log_with': ['wandb', 'mlflow']}", ['wandb', 'mlflow']],
  ['f(report_to=["a"], other=["b"])', ['a']],
  ['report_to: list[str] = ["wandb"]', ['wandb']],
  ['my_report_to="wandb"', []],
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
  30_000,
);
