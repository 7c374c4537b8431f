import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Grants } from '../../src/supervisor/authorization/grants.ts';

const asker = Symbol('connection');
const call = { asker, argv: ['printenv', 'HF_TOKEN'], cwd: '/home/ada' };

test('an approval is good for one call', () => {
  const grants = new Grants();
  grants.give(call, ['HF_TOKEN'], 0);
  expect(grants.take(call, ['HF_TOKEN'], 1)).toBe(true);
  expect(grants.take(call, ['HF_TOKEN'], 2)).toBe(false);
});

test.each([
  { says: 'another command', other: { ...call, argv: ['env'] }, names: ['HF_TOKEN'] },
  { says: 'another directory', other: { ...call, cwd: '/' }, names: ['HF_TOKEN'] },
  {
    says: 'the words as shell text',
    other: { asker, command: 'printenv HF_TOKEN', cwd: call.cwd },
    names: ['HF_TOKEN'],
  },
  { says: 'another asker', other: { ...call, asker: Symbol('other') }, names: ['HF_TOKEN'] },
  { says: 'another name', other: call, names: ['WANDB_API_KEY'] },
  { says: 'more names', other: call, names: ['HF_TOKEN', 'WANDB_API_KEY'] },
])('it is not good for $says', ({ other, names }) => {
  const grants = new Grants();
  grants.give(call, ['HF_TOKEN'], 0);
  expect(grants.take(other, names, 1)).toBe(false);
});

test('it expires after a minute', () => {
  const grants = new Grants();
  grants.give(call, ['HF_TOKEN'], 0);
  expect(grants.take(call, ['HF_TOKEN'], 60_000)).toBe(false);
});

test('no order of giving and taking takes more than was given', () => {
  const step = fc.record({
    give: fc.boolean(),
    cwd: fc.constantFrom('/a', '/b'),
    wait: fc.nat(40_000),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const grants = new Grants();
      const open: { cwd: string; until: number }[] = [];
      let now = 0;
      for (const { give, cwd, wait } of steps) {
        now += wait;
        if (give) {
          grants.give({ ...call, cwd }, ['HF_TOKEN'], now);
          open.push({ cwd, until: now + 60_000 });
          continue;
        }
        const at = open.findIndex((one) => one.cwd === cwd && one.until > now);
        expect(grants.take({ ...call, cwd }, ['HF_TOKEN'], now)).toBe(at >= 0);
        if (at >= 0) open.splice(at, 1);
      }
    }),
  );
});
