/**
 * Prints `N passed, N failed` alone on the last line of the run (`, N skipped` when there are some). At the exit of the
 * process, because teardown and other reporters may still print. A file or a suite that could not run counts as failed.
 * Before it come those that passed at the second try, with why they had to.
 */
import type { Reporter, TestModule } from 'vitest/node';

export default class SummaryReporter implements Reporter {
  #lines: string[] = [];

  onInit(): void {
    process.once('exit', () => this.#lines.length && process.stdout.write(`\n${this.#lines.join('\n')}\n`));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], reason: string): void {
    const late: string[] = [];
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) count.failed++;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) count.failed++;
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed' && errors?.[0])
          late.push(`second try: ${module.relativeModuleId} > ${test.fullName}: ${errors[0].message}`);
        count[state === 'pending' ? 'skipped' : state]++;
      }
    }
    // Whatever made the run fail and was not counted above, for example that no test was found.
    if (reason !== 'passed' && count.failed === 0) count.failed = 1;
    this.#lines = [...late, summary(count)];
  }
}

const summary = ({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
