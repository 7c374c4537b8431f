import { expect, test } from 'vitest';
import { Secret } from '../../../src/secret.ts';
import { PlainText } from '../../../src/supervisor/redaction/canonical.ts';
import { Grams } from '../../../src/supervisor/redaction/grams.ts';
import { type Form, formsOf } from '../../../src/supervisor/redaction/needles.ts';
import { piecesIn } from '../../../src/supervisor/redaction/search.ts';
import { RedactionTable } from '../../../src/supervisor/redaction/table.ts';
import { needle } from './support.ts';

const LONG = 'qZ7wB2nK9xR4tL6vJ3mC8pD5sF1gH0aE';
const OTHER = 'uY3eW8iO2pA6sD9fG4hJ7kL1zX5cV0bN';

/** The values as they are written, without their other spellings. */
function formsAs(values: Readonly<Record<string, readonly string[]>>): Form[] {
  return Object.entries(values).flatMap(([name, texts]) =>
    texts.map((text) => {
      const secret = new Secret(Buffer.from(text));
      const forms = formsOf({ name, secret, kind: 'text', publicPrefixes: [] });
      return forms.find(({ raw }) => raw.toString() === text) as Form;
    }),
  );
}

/** What is found of them in a text: name and text of each piece, in the order of the search. */
function found(
  values: Readonly<Record<string, readonly string[]>>,
  text: string,
  hidden: readonly string[] = [],
): [string, string][] {
  const forms = formsAs(values);
  const grams = new Grams(1000, 4);
  for (const [index, { bytes }] of forms.entries()) grams.addAll(bytes, index);
  grams.finish();
  const plain = new PlainText();
  plain.reset(Buffer.from(text));
  const pieces = piecesIn(plain, { forms, grams: [grams], hidden: new Set(hidden) });
  return pieces.map(({ form, start, end }) => [form.name, text.slice(start, end)]);
}

test('a piece is found once, however many of its grams are looked at', () => {
  expect(found({ A: [LONG] }, `x ${LONG} y`.replaceAll(' ', '-'))).toEqual([['A', LONG]]);
  expect(found({ A: [LONG] }, `${LONG.slice(0, 20)}--`)).toEqual([['A', LONG.slice(0, 20)]]);
  expect(found({ A: [LONG] }, 'nothing-of-it')).toEqual([]);
});

test('each place of a value is one', () => {
  expect(found({ A: [LONG] }, `${LONG}--${LONG}`)).toEqual([
    ['A', LONG],
    ['A', LONG],
  ]);
});

test('what goes on elsewhere is found with it', () => {
  const [first, second] = [LONG.slice(0, 16), LONG.slice(16)];
  expect(found({ A: [LONG] }, `${first}--${second}`)).toContainEqual(['A', second]);
});

test('another value inside of one is found too', () => {
  const outer = `${LONG.slice(0, 8)}${OTHER}${LONG.slice(8)}`;
  const pieces = found({ A: [outer], B: [OTHER] }, outer);
  expect(pieces).toContainEqual(['A', outer]);
  expect(pieces).toContainEqual(['B', OTHER]);
});

test('of two spellings that begin alike, the one that goes on further counts', () => {
  const spellings = [`${LONG}--${OTHER}`, `${LONG}++${OTHER}`];
  for (const text of spellings) expect(found({ A: spellings }, text)).toContainEqual(['A', text]);
});

test('of values of one name that overlap and have to stand whole, each is found', () => {
  const [first, second] = [
    'a fake pass phrase that is long, and longer still',
    'and longer still and then some more',
  ];
  const table = RedactionTable.build([needle(first), needle(second)]);
  for (let before = 0; before < 16; before += 1) {
    const text = `${'!'.repeat(before)}${first} and then some more!`;
    const { spans } = table.find(Buffer.from(text));
    expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual([first, second]);
  }
});

test('nothing is found of a name that is hidden', () => {
  expect(found({ A: [LONG], B: [OTHER] }, `${LONG}--${OTHER}`, ['A'])).toEqual([['B', OTHER]]);
});
