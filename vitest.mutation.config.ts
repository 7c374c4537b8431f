import { defineConfig } from 'vitest/config';

/** The quick tests of the room that `scripts/mutate` names; instrumented code is no measure of time. */
export default defineConfig({
  test: {
    include: [`test/unit/${process.env.MUTATE_ROOM ?? 'policy'}/**/*.test.ts`],
    testTimeout: 120_000,
    testNamePattern: /^(?!.*time that grows)/,
  },
});
