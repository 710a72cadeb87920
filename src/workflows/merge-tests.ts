/** The project's checks and tests on a commit that no branch has yet, in a worktree of its own: set-up first, confined as the task is. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { isRed, type TestResult, withFlaky } from '#src/domain/test-judgement.ts';
import { stillOurs } from '#src/engine/step.ts';
import { copyUntracked } from '#src/environment/copy-untracked.ts';
import type { Runner } from '#src/environment/runner.ts';
import { detectTestCommand } from '#src/environment/test-command.ts';
import { SentraError } from '#src/errors.ts';
import { markReady } from '#src/git/admin-dir.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { listTracked } from '#src/git/tracked.ts';
import { addDetached, checkOut, removeWorktree, restoreWorktree } from '#src/git/worktree.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import type { Outcome } from '#src/process.ts';
import { withAccess } from '#src/workflows/access.ts';
import { bringDependencies, openBuildCache } from '#src/workflows/install.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { runnerFor, type SetupFacts, testReach } from '#src/workflows/room.ts';
import { runTaskSetup } from '#src/workflows/setup.ts';
import { readResults } from '#src/workflows/test-run.ts';
import { runUnkilled } from '#src/workflows/unkilled.ts';

/** What one command came to. `isFlaky`: it was red at first. */
export type Ran = TestResult & {
  command: string;
  isCheck: boolean;
  endedBy: Outcome['endedBy'];
  durationMs: number;
  /** The end of what it printed, without secrets. */
  output: string;
  isFlaky: boolean;
};

/** `setUp`: why its worktree could not be made ready; then nothing ran. */
export type TreeResult = { ran: Ran[]; setUp: string | null };

export type Place = { facts: SetupFacts; commit: string; adwId: string };

/** All of them, or only `commands`. None of the project's: nothing ran. */
export async function runOnCommit(
  parts: Parts,
  place: Place & { commands?: readonly string[] },
  signal: AbortSignal,
): Promise<TreeResult> {
  const { facts, commit } = place;
  const folder = path.resolve(facts.project.path, facts.config.worktreesDir, `merge-${facts.taskId}`);
  const clear = async () => (await removeWorktree(facts.project, { path: folder, deleteBranch: false }))();
  await clear(); // of one that was killed
  const adminDir = await withRepositoryLock(facts.project.gitDir, () => addDetached(facts.project, folder, commit));
  const leave = await parts.testGate.enter(signal);
  try {
    await checkOut(adminDir, { path: folder, signal, commit });
    await markReady(adminDir);
    const commands = place.commands ?? (await listCommands(facts, folder));
    if (commands.length === 0) return { ran: [], setUp: null };
    return { ran: await runAll(parts, { ...place, folder, adminDir, commands }, signal), setUp: null };
  } catch (e) {
    if (!(e instanceof SentraError) || (e.code !== 'install_failed' && e.code !== 'setup_failed')) throw e;
    return { ran: [], setUp: e.message };
  } finally {
    leave();
    await stillOurs(); // another worker tests in the same folder
    await clear();
    await rm(folder, { recursive: true, force: true });
  }
}

async function listCommands({ config }: SetupFacts, folder: string): Promise<string[]> {
  const test = await detectTestCommand(folder, config.test);
  return [...Object.values(config.checks), ...(test ? [test] : [])];
}

type Tree = Place & { folder: string; adminDir: string; commands: readonly string[] };

async function runAll(parts: Parts, tree: Tree, signal: AbortSignal): Promise<Ran[]> {
  const { facts, folder, adwId, commit, adminDir, commands } = tree;
  const log = parts.logs.logger({ taskId: facts.taskId, adwId, phase: null });
  void log.info(`Running ${commands.join(', ')} on ${commit.slice(0, 10)}`, { kind: 'step' });
  await copyIn(facts, folder);
  await bringDependencies(parts, facts, folder, log, signal);
  const build = await openBuildCache(parts, facts, folder);
  return await withAccess(parts, { adwId, facts, worktreePath: folder }, async ({ env, sockets }) => {
    const runner = runnerFor(parts, facts, folder, { writable: build.writable, sockets });
    const all = { ...env, ...build.env };
    const steps = { run: <T>(_: unknown, act: () => Promise<T>) => act() };
    await runTaskSetup({ parts, facts, runner, worktreePath: folder, env: all, steps, log }, signal);
    const ran: Ran[] = [];
    for (const command of commands) {
      const first = await runOnce(parts, { facts, folder, runner, env: all, log, command }, signal);
      const isFinal = !isRed(first) || first.endedBy !== 'exit' || !facts.config.test.retry;
      if (!isFinal) await restoreWorktree({ path: folder, adminDir, commit: 'HEAD' });
      ran.push(isFinal ? first : await again(parts, { facts, folder, runner, env: all, log, command }, first, signal));
    }
    return ran;
  });
}

type Room = { facts: SetupFacts; folder: string; runner: Runner; env: Record<string, string>; log: Logger };
type Asked = Room & { command: string };

/** What fails once and then passes is flaky. */
async function again(parts: Parts, asked: Asked, first: Ran, signal: AbortSignal): Promise<Ran> {
  const second = await runOnce(parts, asked, signal);
  return { ...second, ...withFlaky(first, second), isFlaky: !isRed(second) };
}

async function runOnce(parts: Parts, asked: Asked, signal: AbortSignal): Promise<Ran> {
  const { facts, folder, runner, env, log, command } = asked;
  const recorder = log.record({ name: command, metadata: { kind: 'output', toolUsed: command } });
  const sinceMs = Date.now();
  const timeoutMs = facts.config.limits.phaseTimeoutMinutes * 60_000;
  const reach = testReach(parts, facts);
  const once = () => runner.run(command, { ...reach, env, timeoutMs, onOutput: recorder.onOutput, signal });
  const ended = await runUnkilled(once, signal).finally(() => recorder.end());
  const isCheck = Object.values(facts.config.checks).includes(command);
  const place = { worktreePath: folder, settings: facts.config.test, sinceMs };
  const { output, report } = await readResults(parts, place, ended);
  const { exitCode, endedBy, durationMs } = ended;
  const judged = isCheck ? null : report;
  return { command, isCheck, exitCode, endedBy, durationMs, output, report: judged, isFlaky: false };
}

/** Untracked files that the project's tests need, as each task has them. */
const copyIn = ({ project, config }: SetupFacts, worktreePath: string) =>
  copyUntracked({
    repositoryPath: project.path,
    worktreePath,
    patterns: config.setup.copy,
    limits: config.setup.copyLimits,
    listTracked: (paths) => listTracked(project, paths),
  });
