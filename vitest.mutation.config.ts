import { defineConfig } from 'vitest/config';

/** The quick tests of the rooms whose tests are tested by mutation; instrumented code is no measure of time. */
export default defineConfig({
  test: {
    include: ['test/unit/policy/**/*.test.ts', 'test/unit/redaction/**/*.test.ts'],
    testNamePattern: /^(?!.*time that grows)/,
  },
});
