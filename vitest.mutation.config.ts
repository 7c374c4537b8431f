import { defineConfig } from 'vitest/config';

/**
 * The quick tests of the room that `scripts/mutate` names: without those that repeat others on more input,
 * so that the score is a lower bound. Instrumented code is no measure of time.
 */
const slow = [
  'time that grows',
  'a service-account document (PEM|joined|indented|base64 of the document|hex of the key)',
];

export default defineConfig({
  test: {
    include: [`test/unit/${process.env.MUTATE_ROOM ?? 'policy'}/**/*.test.ts`],
    exclude: ['**/redaction/{seen,properties,recordings}.test.ts'],
    testTimeout: 120_000,
    testNamePattern: new RegExp(`^(?!.*(${slow.join('|')}))`),
  },
});
