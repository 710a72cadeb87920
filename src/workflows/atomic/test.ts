import { coverageOfChange } from '#src/domain/coverage.ts';
import type { DiffFile } from '#src/domain/pull-request.ts';
import { isTestFile, readTestChange, type TestChange } from '#src/domain/test-change.ts';
import { summariseTests, type TestEvidence, toMend, withoutMany } from '#src/domain/test-evidence.ts';
import { isRed, judgeTests, withFlaky } from '#src/domain/test-judgement.ts';
import { countsText, total } from '#src/domain/test-report/report.ts';
import { step } from '#src/engine/step.ts';
import { detectTestCommand } from '#src/environment/test-command.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { diffFiles } from '#src/git/diff.ts';
import type { BaseTests } from '#src/store/base-tests.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { keepArtifacts } from '#src/workflows/artifacts.ts';
import { agentPhase, endPhase } from '#src/workflows/attempt.ts';
import { baseTests, comparedWith } from '#src/workflows/base-tests.ts';
import { type Begun, beginPhase } from '#src/workflows/begin.ts';
import { composePrompt } from '#src/workflows/prompts.ts';
import { restore } from '#src/workflows/restore.ts';
import type { Run } from '#src/workflows/run.ts';
import { runTests, type TestRun, tail } from '#src/workflows/test-run.ts';

/** `bringsTests`: the branch adds or changes test files. */
export type TestOutcome =
  | { passed: true; summary: string; bringsTests: boolean }
  | { passed: false; failure: Failure; output: string };

/**
 * TEST: Sentra runs the project's own test command in the worktree; exit code, report and a comparison with the base decide. When
 * the plan asked for it, a session then writes the missing tests, and the command runs again.
 */
export async function test(run: Run): Promise<TestOutcome> {
  const first = await testOnce(run);
  if (!first.passed || !run.writeTests) return first;
  run.writeTests = false; // once: what they find goes to CODE
  await agentPhase(run, {
    phase: 'TEST',
    subject: `Add tests for ${run.facts.title}`,
    prompt: (attempt, last) =>
      composePrompt(run, 'TEST', attempt, { previous: last?.code === 'unproven' ? last.message : undefined }),
    judge: (_, { files }) => (first.bringsTests || files.some(isTestFile) ? undefined : noTests),
  });
  return testOnce(run);
}

const noTests: Failure = {
  code: 'unproven',
  message:
    'The plan asked for tests, and neither CODE nor the session that was asked to write them changed a test file.',
};

/** For workflows that end here: failing tests end the run. */
export function requirePassed(outcome: TestOutcome, attempts = 1): void {
  if (outcome.passed) return;
  const { code, message } = outcome.failure;
  throw new SentraError(code, attempts > 1 ? `After ${attempts} attempts: ${message}` : message);
}

async function testOnce(run: Run): Promise<TestOutcome> {
  const begun = await beginPhase(run, 'TEST', 'sentra');
  const { attempt } = begun;
  return step(`TEST ${attempt}: run`, async (signal) => {
    const outcome = await runAndJudge(run, begun, signal);
    await endPhase(run, { phase: 'TEST', attempt }, { failure: outcome.passed ? undefined : outcome.failure });
    return outcome;
  });
}

async function runAndJudge(run: Run, begun: Begun, signal: AbortSignal): Promise<TestOutcome> {
  const { facts, worktree } = run;
  const { attempt } = begun;
  await toCommit(run); // a crash may have come while the base's files were there
  const command = await detectTestCommand(worktree.path, facts.config.test);
  if (!command) {
    const summary = 'The project has no test command: nothing was tested. Set "test" in sentra.json.';
    await keep(run, attempt, { kind: 'none', passed: true, exitCode: null, summary, data: {} });
    await run.log('TEST').warn(summary, { kind: 'step' });
    return { passed: true, summary, bringsTests: false };
  }
  const unready = await serveFresh(run, signal);
  if (unready) return notServed(run, attempt, unready);
  const commit = await comparedWith(run, begun.parent);
  const files = await diffFiles(facts.project, commit, begun.parent);
  const change = readTestChange(files);
  void run.log('TEST').info(`Running ${command}`, { kind: 'step', toolUsed: command });
  const tried = await tryTwice(run, command, signal);
  const artifacts = await keepArtifacts(run, attempt, tried.result.sinceMs);
  // Reports and caches that tests leave behind are nobody's change.
  await toCommit(run);
  const base = needsBase(tried.result, change)
    ? await baseTests(run, { command, commit, serve: (abort) => serveFresh(run, abort) }, signal)
    : null;
  return conclude(run, begun, { command, commit, files, change, ...tried, artifacts, base });
}

const toCommit = ({ worktree }: Run) => restore(worktree);

type Tried = { result: TestRun; retried: boolean };

/** What fails is run once more: what passes then is flaky. */
async function tryTwice(run: Run, command: string, signal: AbortSignal): Promise<Tried> {
  const first = await runTests(run, { command }, signal);
  if (!isRed(first) || first.endedBy !== 'exit' || !run.facts.config.test.retry)
    return { result: first, retried: false };
  void run
    .log('TEST')
    .warn(`${command} failed; running it once more, because it may be flaky`, { kind: 'step', toolUsed: command });
  await toCommit(run);
  const second = await runTests(run, { command }, signal);
  return { result: { ...second, ...withFlaky(first, second) }, retried: true };
}

const needsBase = (result: TestRun, change: TestChange): boolean =>
  result.endedBy === 'exit' &&
  (isRed(result) || (result.report !== null && (change.touchesBase || total(result.report) === 0)));

type Seen = Tried & {
  command: string;
  /** What the branch is compared with. */
  commit: string;
  files: DiffFile[];
  change: TestChange;
  artifacts: TestEvidence['artifacts'];
  base: BaseTests | null;
};

async function conclude(run: Run, begun: Begun, seen: Seen): Promise<TestOutcome> {
  const { facts, worktree } = run;
  const { command, result, base, change } = seen;
  const announced = [facts.title, facts.description, run.plan ?? ''].join('\n');
  const configured = facts.config.test.command !== undefined;
  const judgement = judgeTests({ result, base, change, announced, configured });
  const { exitCode, endedBy, durationMs, output, report } = result;
  const baseExitCode = base?.exitCode ?? null;
  const summary = summariseTests({ command, exitCode, endedBy, durationMs, report, judgement, baseExitCode });
  const { passed } = judgement;
  const data: TestEvidence = {
    command,
    durationMs,
    output,
    commit: begun.parent,
    report: report && withoutMany(report),
    change,
    doubts: judgement.doubts,
    ofBase: judgement.ofBase.slice(0, 100),
    base: base && { commit: seen.commit, exitCode: base.exitCode, counts: base.report && countsText(base.report) },
    retried: seen.retried,
    coverage: coverageOfChange(seen.files, result.coverage, worktree.path) ?? null,
    artifacts: seen.artifacts,
  };
  const level = passed ? (exitCode === 0 && !report?.flaky ? 'info' : 'warn') : 'error';
  const told = run.log('TEST')[level](summary, { kind: 'step', duration: durationMs });
  await keep(run, begun.attempt, { kind: 'tests', passed, exitCode, summary, data });
  await told;
  if (passed) return { passed, summary, bringsTests: change.added.length + change.changed.length > 0 };
  const code = endedBy === 'timeout' ? 'tests_timeout' : 'tests_failing';
  return {
    passed,
    failure: { code, message: `${summary}.` },
    output: `${toMend(judgement, { command, output })}\n${summary}`,
  };
}

/** What is tested is what is committed: the dev servers of a task that needs them are started anew and waited for. */
async function serveFresh({ parts, adwId, facts }: Run, signal: AbortSignal): Promise<Failure | undefined> {
  if (facts.devServers.length === 0) return undefined;
  await parts.devServers.startFor(adwId, facts.taskId, facts.devServers);
  return parts.devServers.whenReady(facts.taskId, facts.devServers, signal);
}

/** Nothing was tested: whoever mends it gets the last lines of the dev server. */
async function notServed(run: Run, attempt: number, failure: Failure): Promise<TestOutcome> {
  const summary = failure.message.split('\n', 1)[0] ?? '';
  const data = { command: 'dev server', durationMs: 0, output: tail(failure.message) };
  await keep(run, attempt, { kind: 'tests', passed: false, exitCode: null, summary, data });
  return { passed: false, failure, output: failure.message };
}

async function keep(
  run: Run,
  attempt: number,
  item: Pick<Parameters<typeof insertEvidence>[1], 'kind' | 'passed' | 'exitCode' | 'summary' | 'data'>,
): Promise<void> {
  const { taskId } = run.facts;
  await run.parts.changes.change(async ({ tx, record }) => {
    await insertEvidence(tx, { taskId, adwId: run.adwId, phase: 'TEST', attempt, ...item });
    record({ type: 'evidence.added', taskId, data: { phase: 'TEST', attempt, kind: item.kind } });
  });
}
