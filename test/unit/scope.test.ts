import { expect, test } from 'vitest';
import { Scope } from '../../src/scope.ts';

test('a scope closes last opened first, once, and a failing step stops no other', async () => {
  const closed: string[] = [];
  const scope = new Scope();
  scope.defer(() => void closed.push('first'));
  scope.defer(() => {
    throw new Error('second fails');
  });
  scope.defer(async () => void closed.push('third'));
  await expect(Promise.all([scope.close(), scope.close()])).rejects.toThrow('second fails');
  expect(closed).toEqual(['third', 'first']);
});
