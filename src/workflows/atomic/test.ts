import { step } from '#src/engine/step.ts';
import { detectTestCommand } from '#src/environment/test-command.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { restoreWorktree } from '#src/git/worktree.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { withAccess } from '#src/workflows/access.ts';
import { agentPhase, beginPhase, endPhase } from '#src/workflows/attempt.ts';
import { openBuildCache } from '#src/workflows/install.ts';
import { composePrompt } from '#src/workflows/prompts.ts';
import { runnerFor } from '#src/workflows/room.ts';
import type { Run } from '#src/workflows/run.ts';

export type TestOutcome = { passed: true; summary: string } | { passed: false; failure: Failure; output: string };

/**
 * TEST: Sentra runs the project's own test command in the worktree; exit code and output decide. When the plan asked for
 * it, a session then writes the missing tests, and the command runs again. Evidence: command, exit code, output.
 */
export async function test(run: Run): Promise<TestOutcome> {
  const first = await runTests(run);
  if (!first.passed || !run.writeTests) return first;
  run.writeTests = false; // once: what they find goes to CODE
  await agentPhase(run, {
    phase: 'TEST',
    subject: `Add tests for ${run.facts.title}`,
    prompt: (attempt) => composePrompt(run, 'TEST', attempt),
  });
  return runTests(run);
}

/** For workflows that end here: failing tests end the run. */
export function requirePassed(outcome: TestOutcome, attempts = 1): void {
  if (outcome.passed) return;
  const { code, message } = outcome.failure;
  throw new SentraError(code, attempts > 1 ? `After ${attempts} attempts: ${message}` : message);
}

async function runTests(run: Run): Promise<TestOutcome> {
  const begun = await beginPhase(run, 'TEST', 'sentra');
  const { attempt } = begun;
  return step(`TEST ${attempt}: run`, async (signal) => {
    const outcome = await runOnce(run, attempt, signal);
    await endPhase(run, { phase: 'TEST', attempt }, { failure: outcome.passed ? undefined : outcome.failure });
    return outcome;
  });
}

async function runOnce(run: Run, attempt: number, signal: AbortSignal): Promise<TestOutcome> {
  const { facts, worktree, parts } = run;
  const command = await detectTestCommand(worktree.path, facts.config.test);
  if (!command) {
    const summary = 'The project has no test command: nothing was tested. Set "test" in sentra.json.';
    await keep(run, attempt, { kind: 'none', passed: true, exitCode: null, summary, data: {} });
    await run.log('TEST').warn(summary, { kind: 'step' });
    return { passed: true, summary };
  }
  const log = run.log('TEST');
  const unready = await serveFresh(run, signal);
  if (unready) return notServed(run, attempt, unready);
  const timeoutMs = facts.config.limits.phaseTimeoutMinutes * 60_000;
  const build = await openBuildCache(parts, facts, worktree.path);
  const place = { adwId: run.adwId, facts, worktreePath: worktree.path };
  const doors = parts.devServers.doorsOf(facts.taskId);
  if (!parts.testGate.isFree())
    void log.info('Waiting until fewer tests run on this host (SENTRA_TEST_SLOTS)', { kind: 'step' });
  const leave = await parts.testGate.enter(signal);
  void log.info(`Running ${command}`, { kind: 'step', toolUsed: command });
  const ended = await withAccess(parts, place, ({ env, sockets }) =>
    runnerFor(parts, facts, worktree.path, { writable: build.writable, sockets, ...doors }).run(command, {
      network: 'none',
      env: { ...env, ...build.env },
      timeoutMs,
      onLine: (line, stream) =>
        void log[stream === 'stderr' ? 'warn' : 'info'](line, { kind: 'output', toolUsed: command }),
      signal,
    }),
  ).finally(leave);
  signal.throwIfAborted();
  // Reports and caches that tests leave behind are nobody's change.
  await restoreWorktree({ path: worktree.path, adminDir: worktree.adminDir, commit: 'HEAD' });
  const passed = ended.exitCode === 0;
  const output = tail(parts.redactor(`${ended.stdout.toString('utf8')}${ended.stderr.toString('utf8')}`));
  const summary = summarise(command, ended.exitCode, ended.endedBy, ended.durationMs);
  const data = { command, durationMs: ended.durationMs, output };
  const told = log[passed ? 'info' : 'error'](summary, { kind: 'step', duration: ended.durationMs });
  await keep(run, attempt, { kind: 'tests', passed, exitCode: ended.exitCode, summary, data });
  await told;
  if (passed) return { passed, summary };
  const code = ended.endedBy === 'timeout' ? 'tests_timeout' : 'tests_failing';
  return { passed, failure: { code, message: `${summary}.` }, output: `$ ${command}\n${output}\n${summary}` };
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

function summarise(command: string, exitCode: number | null, endedBy: string, durationMs: number): string {
  const seconds = (durationMs / 1000).toFixed(1);
  if (endedBy === 'timeout') return `The tests did not end: \`${command}\` was stopped after ${seconds} s`;
  if (exitCode === 0) return `The tests pass: \`${command}\` exited with 0 after ${seconds} s`;
  return `The tests fail: \`${command}\` exited with ${exitCode ?? 'a signal'} after ${seconds} s`;
}

/** The end of an output, where failures are told; text that PostgreSQL's jsonb can keep. */
function tail(output: string): string {
  const kept = output.length > 64_000 ? `…\n${output.slice(-64_000)}` : output;
  return kept.toWellFormed().replaceAll('\0', '␀').trimEnd();
}
