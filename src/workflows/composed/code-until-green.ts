import { code } from '#src/workflows/atomic/code.ts';
import { requirePassed, test } from '#src/workflows/atomic/test.ts';
import type { Material } from '#src/workflows/prompts.ts';
import type { Run } from '#src/workflows/run.ts';

/**
 * CODE and TEST until the tests pass, the failures handed back to a fresh session, at most `limits.codeTestAttempts` times.
 * Answers false when there was nothing to change and none was expected. Throws `tests_failing` at the limit. A run that leaves
 * TEST out ends with CODE.
 */
export async function codeUntilGreen(
  run: Run,
  first: Material = {},
  options = { startWithTest: false },
): Promise<boolean> {
  const limit = run.facts.config.limits.codeTestAttempts;
  let material = first;
  let skipCode = options.startWithTest;
  for (let attempt = 1; ; attempt++) {
    if (!skipCode && !(await code(run, material)) && run.facts.noChangesExpected) return false;
    skipCode = false;
    if (run.facts.skipped === 'TEST') return true;
    const outcome = await test(run);
    if (outcome.passed) return true;
    if (attempt >= limit) requirePassed(outcome, attempt);
    material = { ...first, failures: outcome.passed ? undefined : outcome.output };
  }
}
