/** One run of a project's test command in the task's room, and what can be read of it. */
import { type Coverage, readCoverage } from '#src/domain/coverage.ts';
import type { TestSettings } from '#src/domain/project-config.ts';
import type { TestResult } from '#src/domain/test-judgement.ts';
import { readOutput, readReportFile } from '#src/domain/test-report/read.ts';
import { mergeReports, relativeTo, type TestReport } from '#src/domain/test-report/report.ts';
import { readFirst, usualCoverage, usualReports } from '#src/environment/test-output.ts';
import type { Outcome } from '#src/process.ts';
import { withAccess } from '#src/workflows/access.ts';
import { openBuildCache } from '#src/workflows/install.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { runnerFor, testReach } from '#src/workflows/room.ts';
import type { Run } from '#src/workflows/run.ts';
import { runUnkilled } from '#src/workflows/unkilled.ts';

export type TestRun = TestResult & {
  endedBy: Outcome['endedBy'];
  durationMs: number;
  /** The end of what it printed, without secrets. */
  output: string;
  coverage: Coverage[];
  /** When it began, by the clock of files. */
  sinceMs: number;
};

type Asked = { command: string; phase: 'CODE' | 'TEST'; isQuiet?: boolean };

/** Waits for a place first. `isQuiet`: its lines are of no interest to most people. */
export async function runTests(
  run: Run,
  { command, isQuiet = false }: Omit<Asked, 'phase'>,
  signal: AbortSignal,
): Promise<TestRun> {
  const { facts, parts, worktree } = run;
  const log = run.log('TEST');
  const waits = !parts.testGate.isFree();
  if (waits)
    void log.info('Waiting until fewer tests run on this host (SENTRA_TEST_SLOTS)', { kind: 'step', wait: 'tests' });
  const leave = await parts.testGate.enter(signal);
  if (waits) void log.debug('There is a place: the tests run', { kind: 'step' });
  const sinceMs = Date.now();
  const ended = await runInRoom(run, { command, phase: 'TEST', isQuiet }, signal).finally(leave);
  const { exitCode, endedBy, durationMs } = ended;
  const read = await readResults(parts, { worktreePath: worktree.path, settings: facts.config.test, sinceMs }, ended);
  return { exitCode, endedBy, durationMs, ...read, sinceMs };
}

type Place = {
  worktreePath: string;
  settings: Pick<TestSettings, 'report' | 'coverage'>;
  /** Older files are of another run. */
  sinceMs: number;
};

/** What an ended run of the tests printed and left. */
export async function readResults(
  { redactor }: Pick<Parts, 'redactor'>,
  { worktreePath, settings, sinceMs }: Place,
  ended: Pick<Outcome, 'stdout' | 'stderr'>,
): Promise<Pick<TestRun, 'report' | 'coverage' | 'output'>> {
  const [stdout, stderr] = [ended.stdout.toString('utf8'), ended.stderr.toString('utf8')];
  const [inReports, inCoverage] = [settings.report, settings.coverage].map((globs) => globs && [globs]);
  const reports = await readFirst(worktreePath, inReports ?? usualReports, { sinceMs, read: readReportFile });
  const coverage = await readFirst(worktreePath, inCoverage ?? usualCoverage, { sinceMs, read: readCoverage });
  const report = mergeReports(reports) ?? readOutput(stdout, stderr);
  return {
    output: tail(redactor(`${stdout}${stderr}`)),
    report: report ? withoutSecrets(relativeTo(report, worktreePath), redactor) : null,
    coverage,
  };
}

/** Throws when the signal was aborted. */
export async function runInRoom(run: Run, { command, phase, isQuiet }: Asked, signal: AbortSignal): Promise<Outcome> {
  const { facts, parts, worktree } = run;
  const metadata = { kind: 'output' as const, toolUsed: command };
  const recorder = run.log(phase).record({ name: command, metadata, isQuiet });
  const build = await openBuildCache(parts, facts, worktree.path);
  const place = { adwId: run.adwId, facts, worktreePath: worktree.path };
  const doors = parts.devServers.doorsOf(facts.taskId);
  const once = () =>
    withAccess(parts, place, ({ env, sockets }) =>
      runnerFor(parts, facts, worktree.path, { writable: build.writable, sockets, ...doors }).run(command, {
        ...testReach(parts, facts),
        env: { ...env, ...build.env },
        timeoutMs: facts.config.limits.phaseTimeoutMinutes * 60_000,
        onOutput: recorder.onOutput,
        signal,
      }),
    );
  return runUnkilled(once, signal).finally(() => recorder.end());
}

const withoutSecrets = (report: TestReport, redact: (text: string) => string): TestReport => ({
  ...report,
  cases: report.cases.map((found) => ({
    ...found,
    name: redact(found.name),
    message: found.message === null ? null : redact(found.message),
  })),
});

/** The end of an output, where failures are told; text that PostgreSQL's jsonb can keep. */
export function tail(output: string): string {
  const kept = output.length > 64_000 ? `…\n${output.slice(-64_000)}` : output;
  return kept.toWellFormed().replaceAll('\0', '␀').trimEnd();
}
