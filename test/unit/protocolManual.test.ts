import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { methods } from '../../protocol/session/methods.ts';

const manual = readFileSync(path.join(import.meta.dirname, '../../protocol/README.md'), 'utf8');
const table = manual.slice(manual.indexOf('## Methods'), manual.indexOf('## Clients'));
const named = [...table.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
);

test('the manual of the socket names every method and no other', () => {
  expect(named.toSorted()).toEqual(Object.keys(methods).toSorted());
});
