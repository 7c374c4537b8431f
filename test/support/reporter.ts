import { appendFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** Appends one line `PASSED FAILED SKIPPED` to the file that `SYNSC_COUNTS` names. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env.SYNSC_COUNTS;
    if (file === undefined) return;
    const counts = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) counts[test.result().state] += 1;
      // a file or a hook that fails takes its tests along: it must not vanish from the sum
      const ownErrors = module.errors().length + suiteErrors(module);
      counts.failed += ownErrors;
    }
    const failed = counts.failed + counts.pending;
    appendFileSync(file, `${counts.passed} ${failed} ${counts.skipped}\n`);
  }
}

function suiteErrors(module: TestModule): number {
  return [...module.children.allSuites()].reduce((sum, suite) => sum + suite.errors().length, 0);
}
