import fc from 'fast-check';
import { expect, test } from 'vitest';
import { naive, run, tableOf } from './support.ts';

const letters = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
const scenario = fc.array(letters('ab-', 6, 12), { minLength: 1, maxLength: 3 }).chain((values) =>
  fc.record({
    values: fc.constant(values),
    input: fc
      .array(fc.oneof(letters('ab- ', 0, 8), fc.constantFrom(...values)), { maxLength: 12 })
      .map((parts) => parts.join('')),
    cuts: fc.array(fc.nat(150), { maxLength: 12 }),
  }),
);

test('agrees with the naive union of occurrences, cut anywhere', () => {
  fc.assert(
    fc.property(scenario, ({ values, input, cuts }) => {
      const text = run(tableOf(...values), Buffer.from(input), cuts).text();
      expect(text).toBe(naive(values, input));
      for (const value of values) expect(text).not.toContain(value);
    }),
    { numRuns: 1500 },
  );
});

test.each(['pipe', 'tty'] as const)('the cuts make no difference (%s)', (mode) => {
  fc.assert(
    fc.property(scenario, ({ values, input, cuts }) => {
      const table = tableOf(...values, 'ab '.repeat(50), 'b'.repeat(100));
      const bytes = Buffer.from(`${input}${'b'.repeat(input.length * 2)}${input}`);
      const whole = run(table, bytes, [], mode);
      const cut = run(table, bytes, cuts, mode);
      expect(cut.text()).toBe(whole.text());
      expect(cut.hits).toEqual(whole.hits);
      if (mode === 'tty') expect(whole.bytes()).toHaveLength(bytes.length);
    }),
    { numRuns: 700 },
  );
});

test('bytes without a value stay as they are', () => {
  const table = tableOf('hf_FakeFakeFakeFake', 'with a blank!');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300)), (array, cuts) => {
      const bytes = Buffer.from(array);
      expect(run(table, bytes, cuts).bytes()).toEqual(bytes);
    }),
  );
});
