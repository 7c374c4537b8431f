import { describe, expect, test } from 'vitest';
import { SynscError } from '../../../src/errors.ts';
import { parseMessage } from '../../../src/supervisor/rpc/message.ts';

const parse = (text: string | Buffer) => parseMessage(Buffer.from(text));

/** What it was refused with. */
function refusal(text: string | Buffer): string {
  const parsed = parse(text);
  if (!(parsed instanceof SynscError)) throw new Error('it was read');
  return parsed.code;
}
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const list = (item: string, count: number) => `[${Array(count).fill(item).join(',')}]`;
const members = (count: number) =>
  `{${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(',')}}`;

describe('what is JSON in UTF-8 is read', () => {
  test.each([
    { says: 'a request', text: '{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}' },
    { says: 'brackets in strings', text: JSON.stringify(['['.repeat(1_000), '}'.repeat(1_000)]) },
    { says: 'commas in strings', text: JSON.stringify([','.repeat(100_000)]) },
    { says: 'escaped quotes', text: String.raw`["\"[", "\\", "\\\"[[[", "]"]` },
    { says: 'other scripts', text: '{"é":"日本語 🙂"}' },
    { says: 'as many levels as there may be', text: nested(64) },
    { says: 'a long list of words', text: list('"a word"', 60_000) },
    { says: 'an environment of thousands', text: members(16_000) },
    { says: 'a string of a megabyte', text: JSON.stringify('x'.repeat(1_000_000)) },
  ])('$says', ({ text }) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });
});

describe('what is none is told so', () => {
  test.each([
    { says: 'nothing', text: '' },
    { says: 'a bracket too few', text: '{"a":[1}' },
    { says: 'a string that does not end', text: '{"a":"' },
    { says: 'a backslash at the end', text: '["\\' },
    { says: 'a megabyte of open brackets', text: '['.repeat(1_000_000) },
    { says: 'open objects in each other', text: '{"a":'.repeat(200_000) },
    { says: 'no UTF-8', text: Buffer.from([0x22, 0xff, 0x22]) },
  ])('$says', ({ text }) => {
    expect(refusal(text)).toBe('PARSE_ERROR');
  });
});

describe('what would take long to read is not', () => {
  test.each([
    { says: 'one level more', text: nested(65), code: 'INVALID_REQUEST' },
    { says: 'half a million levels', text: nested(500_000), code: 'INVALID_REQUEST' },
    { says: 'names without end', text: members(90_000), code: 'LIMIT' },
    { says: 'empty objects', text: list('{}', 340_000), code: 'LIMIT' },
    { says: 'numbers', text: list('1', 500_000), code: 'LIMIT' },
    {
      says: 'parameters of that kind',
      text: `{"jsonrpc":"2.0","id":1,"method":"explain","params":{"argv":${list('1', 450_000)}}}`,
      code: 'LIMIT',
    },
  ])('$says', ({ text, code }) => {
    expect(refusal(text)).toBe(code);
  });
});
