import { describe, expect, test } from 'vitest';
import { PlainText } from '../../../src/supervisor/redaction/canonical.ts';
import { edgesOf } from '../../../src/supervisor/redaction/edges.ts';
import { formsOf } from '../../../src/supervisor/redaction/needles.ts';
import type { Piece } from '../../../src/supervisor/redaction/pieces.ts';
import { needle, TOKEN } from './support.ts';

const forms = formsOf(needle(TOKEN));
const form = forms.find(({ raw }) => raw.toString() === TOKEN) as Piece['form'];

/**
 * What stays of the piece of the value that lies between `<` and `>` in a text, in which it begins at
 * `offset` of the value.
 */
function kept(marked: string, offset: number, of = form, expected?: number): string {
  const [start, end] = [marked.indexOf('<'), marked.indexOf('>') - 1];
  const raw = Buffer.from(marked.replace(/[<>]/g, ''));
  const text = new PlainText();
  text.reset(raw);
  const canonical = (to: number) =>
    raw
      .subarray(0, to)
      .toString()
      .replace(/[\s'\u007f]/g, '').length;
  const piece = { form: of, offset, start: canonical(start), end: canonical(end) };
  const { start: from, end: to, certain } = edgesOf(piece, text, raw);
  expect(certain).toBe(expected === undefined ? to : canonical(end) - expected);
  return raw.subarray(text.placeOf(from), text.placeOf(to - 1) + 1).toString();
}

describe('of a part of a value is left what only goes on by chance', () => {
  test.each([
    ['one character of the next word', '<FakeAbCdE f>oo', 3, 'FakeAbCdE'],
    ['three of it', '<FakeAbCdE fGh>oo', 3, 'FakeAbCdE'],
    ['not four of it', '<FakeAbCdE fGhI>oo', 3, 'FakeAbCdE fGhI'],
    ['what stands on the next line', '<FakeAbCdE\r\n\tfG>oo', 3, 'FakeAbCdE'],
    ['one character of the word before', 'so<F akeAbCdEf> more', 3, 'akeAbCdEf'],
    ['three of it', 'so<Fak eAbCdEfGh> more', 3, 'eAbCdEfGh'],
    ['not four of it', 'so<Fake AbCdEfGh> more', 3, 'Fake AbCdEfGh'],
    ['on both sides', 'so<F akeAbCdEf G> more', 3, 'akeAbCdEf'],
    ['behind eight characters', '<FakeAbCd E>oo', 3, 'FakeAbCd'],
    ['not behind seven', '<FakeAbC d>oo', 3, 'FakeAbC d'],
    ['not where those stand apart', '<FakeAb CdEfGhI jK>oo', 3, 'FakeAb CdEfGhI jK'],
    ['nor without a blank', '<FakeAbCdEfG>oo', 3, 'FakeAbCdEfG'],
    ['nor behind a control', '<FakeAbCdE \u007ff>oo', 3, 'FakeAbCdE \u007ff'],
    ['nor behind quotes', `<FakeAbCdE'f>oo`, 3, `FakeAbCdE'f`],
    ['nor where it begins', '<F akeAbCdEf> more', 3, 'F akeAbCdEf'],
    ['nor at the end of the value', '<tUvWxYz01 23>oo', 26, 'tUvWxYz01 23'],
    ['nor at its beginning', 'so<hf _FakeAbCd> more', 0, 'hf _FakeAbCd'],
  ])('%s', (_, marked, offset, expected) => {
    expect(kept(marked, offset)).toBe(expected);
  });

  test('where the text is not over that is masked, and not certain', () => {
    expect(kept('<FakeAbCdE f>', 3, form, 1)).toBe('FakeAbCdE f');
    expect(kept('<FakeAbCdE fGh>', 3, form, 3)).toBe('FakeAbCdE fGh');
    expect(kept('<FakeAbCdE fGhI>', 3, form, 0)).toBe('FakeAbCdE fGhI');
  });

  test('nothing of a value that has to stand whole', () => {
    expect(kept('so<F akeAbCdEf G> more', 3, { ...form, piece: undefined })).toBe('F akeAbCdEf G');
  });
});
