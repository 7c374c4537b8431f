import { describe, expect, test } from 'vitest';
import {
  type Part,
  pemParts,
  secretParts,
} from '../../../src/supervisor/redaction/serviceAccount.ts';
import { publicHead, shapedParts } from '../../../src/supervisor/redaction/shapes.ts';

const texts = (parts: readonly Part[] | undefined) => parts?.map(({ bytes }) => bytes.toString());
const partsOf = (document: string) => secretParts(Buffer.from(document));
const begin = '-----BEGIN PRIVATE KEY-----';
const end = '-----END PRIVATE KEY-----';

describe('the secret parts of a document', () => {
  test('are the key as it is written, with line ends and joined, and the other secret members', () => {
    const document = JSON.stringify({
      type: 'service_account',
      private_key_id: 'the id',
      private_key: `${begin}\nABCD\nEFGH\n${end}\n`,
      client_email: 'ada@example.com',
      client_secret: 'the client',
      refresh_token: 'the refresh',
      access_token: 'the access',
      id_token: 'the identity',
    });
    expect(partsOf(document)).toEqual(
      [
        'ABCD\\nEFGH',
        'ABCD\nEFGH',
        'ABCDEFGH',
        'the id',
        'the client',
        'the refresh',
        'the access',
        'the identity',
      ].map((text) => ({ bytes: Buffer.from(text), publicPrefix: 0 })),
    );
  });

  test.each([
    ['blanks around the colon', '{"id_token" \t:\r\n "abc"}', ['abc']],
    ['a name that is a value first', '{"x":"id_token","id_token":"abc"}', ['abc']],
    ['a name before no colon', '{"x":["id_token" "y"],"id_token":"abc"}', ['abc']],
    ['a value that is no text first', '{"id_token":5,"x":{"id_token":"abc"}}', ['abc']],
    ['only such a value', '{"id_token":5}', []],
    ['no braces', '"id_token":"abc"', ['abc']],
    ['a quote in it', '{"id_token":"a\\"b","y":"z"}', ['a"b']],
    ['a backslash at its end', '{"id_token":"a\\\\","y":"z"}', ['a\\']],
    ['escapes', '{"id_token":"a\\n\\r\\t\\/\\u002b\\u0041b"}', ['a\n\r\t/+Ab']],
    ['no end', '{"id_token":"abc', ['abc']],
    ['nothing', '', []],
  ])('with %s', (_, document, expected) => {
    expect(texts(partsOf(document))).toEqual(expected);
  });
});

describe('the body of a key in PEM', () => {
  test.each([
    ['with both lines', `${begin}\nABCD\nEFGH\n${end}\n`, 'ABCD\nEFGH'],
    ['with blank lines at its end', `${begin}\nABCD\nEFGH\n\n\n${end}\n`, 'ABCD\nEFGH'],
    ['with a text in front', `Bag Attributes\n${begin}\nABCD\nEFGH\n${end}`, 'ABCD\nEFGH'],
    ['without its first line', `ABCD\nEFGH\n${end}`, 'ABCD\nEFGH'],
    ['without its last line', `${begin}\nABCD\nEFGH\n`, 'ABCD\nEFGH'],
    ['without lines around it', 'ABCD\nEFGH', 'ABCD\nEFGH'],
    ['of line ends only', '\n\n', ''],
  ])('%s', (_, pem, body) => {
    expect(texts(pemParts(Buffer.from(pem)))).toEqual([body, body.replaceAll('\n', '')]);
  });

  test('joined is without blank lines inside', () => {
    expect(texts(pemParts(Buffer.from('AB\n\nCD')))).toEqual(['AB\n\nCD', 'ABCD']);
    expect(texts(pemParts(Buffer.from('\nAB')))).toEqual(['\nAB', 'AB']);
  });

  test('of RSA begins as those of everybody', () => {
    const prefixOf = (body: string) => pemParts(Buffer.from(body))[1]?.publicPrefix;
    expect(prefixOf(`MII${'x'.repeat(100)}`)).toBe(54);
    expect(prefixOf('MIIxyz')).toBe(6);
    expect(prefixOf(`MIG${'x'.repeat(100)}`)).toBe(0);
  });

  test.each(['AgMBAAEC', 'IDAQABAo', 'CAwEAAQK'])(
    'has in its middle what all have: %s',
    (middle) => {
      const commonOf = (body: string) => pemParts(Buffer.from(body))[1]?.common;
      const head = `MII${'x'.repeat(67)}`;
      expect(commonOf(`${head}${middle}${'y'.repeat(50)}`)).toEqual([69, 83]);
      // in the head it is something else
      expect(commonOf(`MII${middle}${'x'.repeat(100)}`)).toBeUndefined();
      // without a head it may stand anywhere
      expect(commonOf(`${middle}${'x'.repeat(100)}`)).toEqual([-1, 13]);
    },
  );
});

describe('a value has a shape', () => {
  const shapeOf = (value: string) => texts(shapedParts(Buffer.from(value)));

  test.each([
    [`${begin}\nABCD\n${end}`, ['ABCD', 'ABCD']],
    ['-----BEGIN CERTIFICATE-----\nABCD\n-----END CERTIFICATE-----', undefined],
    ['my PRIVATE KEY----- is safe', undefined],
    ['a plain value', undefined],
    ['db://ada:pass@host/x', ['db://ada:pass@host/x', 'pass']],
    ['db://ada:pass@host', ['db://ada:pass@host', 'pass']],
    ['db://:pass@host', ['db://:pass@host', 'pass']],
    ['db://ada:p@ss:w@host', ['db://ada:p@ss:w@host', 'p@ss:w']],
    ['db://ada:p%2Fs%41@h/', ['db://ada:p%2Fs%41@h/', 'p%2Fs%41', 'p/sA']],
    ['db://ada:p%2xs%4@h/', ['db://ada:p%2xs%4@h/', 'p%2xs%4', 'p%2xs%4']],
    ['db://ada:p%@h/', ['db://ada:p%@h/', 'p%', 'p%']],
    ['d://ada:pass@h', ['d://ada:pass@h', 'pass']],
    ['://ada:pass@h', undefined],
    ['db://ada:@host', undefined],
    ['db://ada@host:5432', undefined],
    ['db://ada:pass', undefined],
    ['db://host/ada:pass@x', undefined],
    ['db:/ada:pass@host', undefined],
  ])('%j', (value, expected) => expect(shapeOf(value)).toEqual(expected));

  test('an address counts as a whole only, its password as it is', () => {
    const parts = shapedParts(Buffer.from('db://ada:p%20ss@host'));
    expect(parts?.map(({ publicPrefix }) => publicPrefix)).toEqual([0, 0, 0]);
    expect(parts?.map(({ wholeOnly }) => wholeOnly)).toEqual([true, undefined, undefined]);
  });
});

describe('of a value so many bytes are everybody’s', () => {
  const hex = '0123456789abcdef0123456789abcdef';
  const region = 'IQoJb3JpZ2luX2VjEJr/////';

  test.each([
    ['of a signed token its head and the first claim', 'eyJhbGciOiJ9.eyJzdWIiOiJhZGEifQ.sig', 25],
    ['of a short one all', 'eyJhbGciOiJ9.eyJz', 17],
    ['of what begins like one nothing', 'eyJhbGciOiJ9', 0],
    ['nor of what has just a dot', 'axJhbGciOiJ9.eyJzdWIiOiJhZGEifQ', 0],
    ['of a session token its region', `${region}/wEaCXVzLWVhc3QtMSJHMEUCIQDzX4kq0Wm7sR2vT9`, 56],
    ['of a short one all', `${region}/wEaCXVz`, 32],
    ['of one without a region its origin', 'IQoJb3JpZ2luX2VjAAAAAAAAAAAAAAAAAAAAAAAA', 17],
    ['of one of another origin', 'FwoGZXIvYXdzEAAAAAAAAAAAAAAAAAAAAAAAA', 17],
    ['of an older one', 'FQoGZXIvYXdzEAAAAAAAAAAAAAAAAAAAAAAAA', 17],
    ['of a named key its name', `secret_my-key_${hex}.Zk3Lm9Qw2Rt7Yx`, 14],
    ['of one without a name nothing', `secret_${hex}.Zk3Lm9Qw2Rt7Yx`, 0],
    ['of one with less hex nothing', `secret_my-key_${hex.slice(1)}.Zk3Lm9Qw2Rt7Yx`, 0],
    ['of another one nothing', `public_my-key_${hex}.Zk3Lm9Qw2Rt7Yx`, 0],
    ['of any other value nothing', 'Zk3Lm9Qw2Rt7Yx', 0],
  ])('%s', (_, value, expected) => expect(publicHead(Buffer.from(value))).toBe(expected));
});
