import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import { PlainText } from '../../../src/supervisor/redaction/canonical.ts';
import { Followed, joined } from '../../../src/supervisor/redaction/joins.ts';
import { type Form, formsOf } from '../../../src/supervisor/redaction/needles.ts';
import { pieceAt } from '../../../src/supervisor/redaction/pieces.ts';

const PREFIX = 'pub_';
const SECRET = 'qZ7wB2nK9xR4tL6vJ3mC8pD5sF1gH0aE';
const VALUE = PREFIX + SECRET;

function formOf(value: string): Form {
  const needle = { name: 'A', secret: new Secret(Buffer.from(value)), kind: 'text' as const };
  const forms = formsOf({ ...needle, publicPrefixes: [PREFIX] });
  return forms.find(({ raw }) => raw.toString() === value) as Form;
}

/**
 * What is joined to the piece of the value that a text holds around `of`: offset in the value, place and text.
 * `behind`: what stood behind it in the text's room before.
 */
function around(text: string, of: string, value = VALUE, behind = ''): [number, number, string][] {
  return joinedIn(text, of, value, formOf(value), behind);
}

function joinedIn(
  text: string,
  of: string,
  spelled: string,
  form: Form,
  behind: string,
): [number, number, string][] {
  const plain = new PlainText();
  for (const written of [`${text}${behind}`, text]) plain.reset(Buffer.from(written));
  const piece = pieceAt(form, spelled.indexOf(of), plain, text.indexOf(of));
  if (piece === undefined) throw new Error(`no piece around ${of}`);
  return joined(piece, plain, new Followed()).map(({ offset, start, end }) => [
    offset,
    start,
    text.slice(start, end),
  ]);
}
const part = (from: number, to?: number) => SECRET.slice(from, to);
const MIDDLE = part(8, 24);

test('the rest behind a piece is joined to it, in as many parts as it stands in', () => {
  expect(around(`${MIDDLE}--${part(24)}`, MIDDLE)).toEqual([[28, 18, part(24)]]);
  expect(around(`${MIDDLE}--${part(24, 28)}--${part(28)}`, MIDDLE)).toEqual([
    [28, 18, part(24, 28)],
    [32, 24, part(28)],
  ]);
});

test('the rest before a piece is joined to it, in as many parts as it stands in', () => {
  expect(around(`${part(0, 8)}--${MIDDLE}`, MIDDLE)).toEqual([[4, 0, part(0, 8)]]);
  expect(around(`${part(0, 4)}--${part(4, 8)}--${MIDDLE}`, MIDDLE)).toEqual([
    [8, 6, part(4, 8)],
    [4, 0, part(0, 4)],
  ]);
});

test('a part of fewer than four characters is none', () => {
  expect(around(`${part(8, 29)}--${part(29)}`, MIDDLE)).toEqual([]);
  expect(around(`${part(0, 3)}--${part(3, 24)}`, MIDDLE)).toEqual([]);
  expect(around(`${MIDDLE}--${part(24, 27)}`, MIDDLE)).toEqual([]);
  expect(around(`${part(5, 8)}--${MIDDLE}`, MIDDLE)).toEqual([]);
});

test('the last four characters of a value, and the first behind its public prefix, are a part', () => {
  expect(around(`${part(8, 28)}--${part(28)}`, MIDDLE)).toEqual([[32, 22, part(28)]]);
  expect(around(`${part(0, 4)}--${part(4, 24)}`, MIDDLE)).toEqual([[4, 0, part(0, 4)]]);
});

test('the public prefix alone is no part', () => {
  expect(around(`${PREFIX}--${part(0, 24)}`, MIDDLE)).toEqual([]);
  expect(around(`${PREFIX}${part(0, 3)}--${part(3, 24)}`, MIDDLE)).toEqual([]);
});

test('a part may stand 160 characters away, not more', () => {
  const gap = (length: number) => '-'.repeat(length);
  expect(around(`${MIDDLE}${gap(156)}${part(24, 28)}`, MIDDLE)).toHaveLength(1);
  expect(around(`${MIDDLE}${gap(157)}${part(24, 28)}`, MIDDLE)).toEqual([]);
  expect(around(`${part(4, 8)}${gap(156)}${MIDDLE}`, MIDDLE)).toHaveLength(1);
  expect(around(`${part(4, 8)}${gap(157)}${MIDDLE}`, MIDDLE)).toEqual([]);
  expect(around(`${MIDDLE}-${part(24, 28)}${gap(156)}${part(28)}`, MIDDLE)).toHaveLength(2);
  expect(around(`${part(0, 4)}${gap(156)}${part(4, 8)}-${MIDDLE}`, MIDDLE)).toHaveLength(2);
});

test('right behind a piece a later part counts, with the byte before it', () => {
  const text = `${part(8, 20)}${part(24)}`;
  expect(around(text, part(8, 20))).toEqual([[27, 11, `${part(19, 20)}${part(24)}`]]);
  const least = `${part(8, 20)}${part(28)}`;
  expect(around(least, part(8, 20))).toEqual([[31, 11, `${part(19, 20)}${part(28)}`]]);
  expect(around(`${part(8, 20)}${part(29)}`, part(8, 20))).toEqual([]);
  expect(around(`${part(8, 20)}${part(24, 27)}`, part(8, 20))).toEqual([]);
  expect(around(`${part(8, 20)}${part(24, 27)}`, part(8, 20), VALUE, part(27))).toEqual([]);
  expect(around(`----${text}`, part(8, 20))).toEqual([[27, 15, `${part(19, 20)}${part(24)}`]]);
  // what is not a later part
  expect(around(`${part(8, 20)}${part(2, 8)}`, part(8, 20))).toEqual([]);
});

test('right before a piece an earlier part counts, with the byte behind it', () => {
  const text = `${part(0, 6)}${part(12, 24)}`;
  expect(around(text, part(12, 24))).toEqual([[4, 0, `${part(0, 6)}${part(12, 13)}`]]);
  const least = `--${part(0, 4)}${part(12, 24)}`;
  expect(around(least, part(12, 24))).toEqual([[4, 2, `${part(0, 4)}${part(12, 13)}`]]);
  expect(around(`${part(0, 3)}${part(12, 24)}`, part(12, 24))).toEqual([]);
  expect(around(`${PREFIX}${part(12, 24)}`, part(12, 24))).toEqual([]);
  expect(around(`${part(26, 32)}${part(12, 24)}`, part(12, 24))).toEqual([]);
});

test('with four secret bytes before it a piece may have one part of them right before it', () => {
  expect(around(`${part(0, 4)}${part(5, 24)}`, MIDDLE)).toEqual([
    [4, 0, `${part(0, 4)}${part(5, 6)}`],
  ]);
});

test('of a short or regular value nothing is joined', () => {
  const regular = 'aaaaaaaa-bbbbbbbb';
  expect(around(`${regular}--${regular.slice(9)}`, regular, regular)).toEqual([]);
});

test('where a value was followed already, only the next part is told again', () => {
  const value = 'qZ7wB2nK9xR4tL6vJ3mC8pD5sF1gH0aEuY3eW8iO2pA6sD9f';
  const parts = [0, 12, 24, 36].map((from) => value.slice(from, from + 12));
  const text = parts.join('--');
  const plain = new PlainText();
  plain.reset(Buffer.from(text));
  const form = formOf(value);
  const followed = new Followed();
  const told = parts.map((of) => {
    const piece = pieceAt(form, value.indexOf(of), plain, text.indexOf(of));
    return piece && joined(piece, plain, followed).map(({ offset }) => offset);
  });
  expect(told).toEqual([[12, 24, 36], [24, 0], [36, 12], [24]]);
  const [, , third = ''] = parts;
  const piece = pieceAt(form, value.indexOf(third), plain, text.indexOf(third));
  expect(piece && joined(piece, plain, followed).map(({ offset }) => offset)).toEqual([36, 12]);
});

/** The form of a value's hex dump, whose column of characters is looked for. */
function dumped(value: string): Form {
  const needle = { name: 'A', secret: new Secret(Buffer.from(value)), kind: 'text' as const };
  const forms = formsOf({ ...needle, publicPrefixes: [] });
  return forms.find(({ raw }) => raw.toString() === hex(value)) as Form;
}
const hex = (text: string) => Buffer.from(text).toString('hex');

/** As `around`, of digits. */
function aroundDigits(
  text: string,
  of: string,
  value = SECRET,
  behind = '',
): [number, number, string][] {
  return joinedIn(text, of, hex(value), dumped(value), behind);
}

describe('beside the digits of a dump', () => {
  const row = (from: number, to: number) => hex(part(from, to));

  test('their bytes are joined as characters', () => {
    const digits = row(0, 8);
    expect(aroundDigits(`${digits}--${part(0, 8)}`, digits)).toEqual([[0, 18, part(0, 8)]]);
    expect(aroundDigits(`${digits}${part(0, 8)}`, digits)).toEqual([[0, 16, part(0, 8)]]);
    const inside = row(8, 20);
    expect(aroundDigits(`${inside}--${part(8, 20)}`, inside)).toEqual([[16, 26, part(8, 20)]]);
  });

  test('whole bytes only, of digits that begin or end in the middle of one', () => {
    const digits = hex(SECRET).slice(9, 33);
    expect(aroundDigits(`${digits}--${part(4, 18)}`, digits)).toEqual([[10, 27, part(5, 16)]]);
  });

  test('all of them, and none that the text lacks', () => {
    const digits = row(0, 8);
    expect(aroundDigits(`${digits}--${part(0, 7)}`, digits)).toEqual([]);
    expect(aroundDigits(`${digits}--${part(1, 8)}`, digits)).toEqual([]);
    expect(aroundDigits(`${digits}--${part(0, 7)}`, digits, SECRET, part(7))).toEqual([]);
    expect(aroundDigits(`${part(0, 8)}${digits}`, digits)).toEqual([]);
  });

  test('within 160 characters', () => {
    const digits = row(0, 8);
    const behind = (gap: number) => `${digits}${'-'.repeat(gap)}${part(0, 8)}--`;
    expect(aroundDigits(behind(152), digits)).toEqual([[0, 168, part(0, 8)]]);
    expect(aroundDigits(behind(153), digits)).toEqual([]);
  });

  test('in parts where it has quotes, each behind the last one', () => {
    const value = 'qZ7wB2nK"9xR4tL6v\\J3mC8pD5';
    const digits = hex(value);
    const [first, second, third] = ['qZ7wB2nK', '9xR4tL6v', 'J3mC8pD5'];
    expect(aroundDigits(`${digits}${first}${second}${third}`, digits, value)).toEqual([
      [0, 52, first],
      [18, 60, second],
      [36, 68, third],
    ]);
    expect(aroundDigits(`${digits}${second}${first}${third}`, digits, value)).toEqual([
      [0, 60, first],
      [36, 68, third],
    ]);
  });

  test('of four characters at least', () => {
    const value = 'qZ7w"B2n"K9xR4tL6vJ3mC8pD5';
    const digits = hex(value);
    expect(aroundDigits(`${digits}qZ7wB2nK9xR4tL6vJ3mC8pD5`, digits, value)).toEqual([
      [0, 52, 'qZ7w'],
      [18, 59, 'K9xR4tL6vJ3mC8pD5'],
    ]);
  });

  test('also of the next row and the last one; the others are found by themselves', () => {
    const value = `${SECRET}uY3eW8iO`;
    const columns = [0, 8, 16, 24, 32].map((from) => value.slice(from, from + 8));
    const text = columns.map((bytes) => `${hex(bytes)}--${bytes}`).join('--');
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = columns;
    const found = aroundDigits(text, hex(third), value).map(([, , bytes]) => bytes);
    expect(found).toEqual([...[fourth, fifth, second, first].map(hex), ...[third, fourth, second]]);
  });

  test('of a value that is no dump there is none', () => {
    expect(around(`${MIDDLE}--${MIDDLE}`, MIDDLE)).toEqual([]);
    const digits = hex(SECRET);
    expect(around(`${digits}--${SECRET}`, digits, digits)).toEqual([]);
  });
});

test('what was followed is known by form, direction, offset and place', () => {
  const [form, other] = [formOf(VALUE), formOf(VALUE)];
  const followed = new Followed();
  expect(followed.forwards(form, 1, 2)).toBe(true);
  expect(followed.forwards(form, 1, 2)).toBe(false);
  expect(followed.forwards(form, 2, 2)).toBe(true);
  expect(followed.forwards(form, 1, 3)).toBe(true);
  expect(followed.forwards(form, 2, 1)).toBe(true);
  expect(followed.forwards(other, 1, 2)).toBe(true);
  expect(followed.backwards(form, 1, 2)).toBe(true);
  expect(followed.backwards(form, 1, 2)).toBe(false);
  expect(followed.forwards(form, 1, 2)).toBe(false);
});
