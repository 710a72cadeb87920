/** Tests what the base would become, in a worktree of its own, as the project tests: set-up, checks, tests, confined as the task is. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { copyUntracked } from '#src/environment/copy-untracked.ts';
import { detectTestCommand } from '#src/environment/test-command.ts';
import { SentraError } from '#src/errors.ts';
import { markReady } from '#src/git/admin-dir.ts';
import { treeOf } from '#src/git/compose-merge.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { listTracked } from '#src/git/tracked.ts';
import { addDetached, checkOut, removeWorktree } from '#src/git/worktree.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { listTestedCommits } from '#src/store/phases.ts';
import { withAccess } from '#src/workflows/access.ts';
import { bringDependencies, openBuildCache } from '#src/workflows/install.ts';
import type { Group } from '#src/workflows/merge-compose.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readSetupFacts, runnerFor, type SetupFacts } from '#src/workflows/room.ts';
import { runTaskSetup } from '#src/workflows/setup.ts';
import { tail } from '#src/workflows/test-run.ts';
import { runUnkilled } from '#src/workflows/unkilled.ts';

/** `output`: the end of what was red. `isBaseRed`: what it would stand on is red without it. */
export type Checked = { passed: boolean; output: string; isBaseRed?: boolean };

type Asked = { group: Group; turn: number };

export async function checkGroup(parts: Parts, { group, turn }: Asked, signal: AbortSignal): Promise<Checked> {
  const last = group.merges.at(-1);
  if (!last || group.from === group.to) return { passed: true, output: '' };
  const facts = await readSetupFacts(parts, last.taskId);
  if (!facts.config.mergeQueue.test) return { passed: true, output: '' };
  const known = await findKnown(parts, facts, group);
  const ended: Ended =
    known ??
    (await inWorktree(parts, { facts, commit: group.to, baseBranch: group.baseBranch, adwId: last.adwId }, signal));
  await keep(parts, { group, turn, ended });
  if (ended.passed || group.merges.length > 1) return { passed: ended.passed, output: ended.output };
  const base = await inWorktree(
    parts,
    { facts, commit: group.from, baseBranch: group.baseBranch, adwId: last.adwId },
    signal,
  );
  return { passed: false, output: ended.output, isBaseRed: !base.passed };
}

type Ended = {
  passed: boolean;
  command: string;
  exitCode: number | null;
  summary: string;
  output: string;
  durationMs: number;
};

/** The very files were tested for the task itself: when the base did not move, its tests need no second run. */
async function findKnown(parts: Parts, facts: SetupFacts, { merges, tree }: Group): Promise<Ended | null> {
  const [only, more] = merges;
  if (!only || more || Object.keys(facts.config.checks).length > 0) return null;
  for (const commit of await listTestedCommits(parts.database.db, only.taskId))
    if ((await treeOf(facts.project, commit).catch(() => null)) === tree)
      return {
        passed: true,
        command: 'none',
        exitCode: 0,
        summary: `These very files passed the tests as ${commit.slice(0, 10)}`,
        output: '',
        durationMs: 0,
      };
  return null;
}

type Place = { facts: SetupFacts; commit: string; baseBranch: string; adwId: string };

async function inWorktree(parts: Parts, place: Place, signal: AbortSignal): Promise<Ended> {
  const { facts, commit } = place;
  const folder = path.resolve(facts.project.path, facts.config.worktreesDir, `merge-${facts.taskId}`);
  const clear = async () => (await removeWorktree(facts.project, { path: folder, deleteBranch: false }))();
  await clear(); // of one that was killed
  const adminDir = await withRepositoryLock(facts.project.gitDir, () => addDetached(facts.project, folder, commit));
  try {
    await checkOut(adminDir, { path: folder, signal, commit });
    await markReady(adminDir);
    return await runAll(parts, { ...place, folder }, signal);
  } finally {
    await clear();
    await rm(folder, { recursive: true, force: true });
  }
}

async function runAll(parts: Parts, place: Place & { folder: string }, signal: AbortSignal): Promise<Ended> {
  const { facts, folder, adwId, commit, baseBranch } = place;
  const log = parts.logs.logger({ taskId: facts.taskId, adwId, phase: null });
  const test = await detectTestCommand(folder, facts.config.test);
  const commands = [...Object.values(facts.config.checks), ...(test ? [test] : [])];
  const passed = { passed: true, command: 'none', exitCode: 0, output: '', durationMs: 0 };
  if (commands.length === 0) return { ...passed, summary: 'The project has no test command: nothing was tested' };
  void log.info(`Testing ${commit.slice(0, 10)}, before ${baseBranch} moves`, { kind: 'step' });
  const leave = await parts.testGate.enter(signal);
  try {
    await copyIn(facts, folder);
    await bringDependencies(parts, facts, folder, log, signal);
    const build = await openBuildCache(parts, facts, folder);
    return await withAccess(parts, { adwId, facts, worktreePath: folder }, async ({ env, sockets }) => {
      const runner = runnerFor(parts, facts, folder, { writable: build.writable, sockets });
      const all = { ...env, ...build.env };
      const steps = { run: <T>(_: unknown, act: () => Promise<T>) => act() };
      await runTaskSetup({ parts, facts, runner, worktreePath: folder, env: all, steps, log }, signal);
      let last: Ended = { ...passed, summary: 'Nothing was tested' };
      for (const command of commands) {
        last = await runTwice(command);
        if (!last.passed) return last;
      }
      return last;

      /** What fails once and then passes is flaky, and said to be. */
      async function runTwice(command: string): Promise<Ended> {
        const first = await runOnce(command);
        if (first.passed) return first;
        const second = await runOnce(command);
        return second.passed ? { ...second, summary: `${second.summary}; flaky: it failed at first` } : first;
      }

      async function runOnce(command: string): Promise<Ended> {
        const recorder = log.record({ name: command, metadata: { kind: 'output', toolUsed: command } });
        const once = () =>
          runner.run(command, {
            network: 'none',
            env: all,
            timeoutMs: facts.config.limits.phaseTimeoutMinutes * 60_000,
            onOutput: recorder.onOutput,
            signal,
          });
        const ended = await runUnkilled(parts, once, signal).finally(() => recorder.end());
        const { exitCode, endedBy, durationMs } = ended;
        const output = tail(parts.redactor(`${ended.stdout.toString('utf8')}${ended.stderr.toString('utf8')}`));
        const how = endedBy === 'timeout' ? 'was stopped' : `exited with ${exitCode}`;
        const summary = `\`${command}\` ${how} after ${(durationMs / 1000).toFixed(1)} s`;
        return { passed: exitCode === 0, command, exitCode, summary, output: `$ ${command}\n${output}`, durationMs };
      }
    });
  } catch (e) {
    if (!(e instanceof SentraError) || (e.code !== 'install_failed' && e.code !== 'setup_failed')) throw e;
    return {
      passed: false,
      command: 'set-up',
      exitCode: null,
      summary: e.message.split('\n')[0] ?? '',
      output: e.message,
      durationMs: 0,
    };
  } finally {
    leave();
  }
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

/** For each task of the group: what was tested is all of them together. */
async function keep(parts: Parts, { group, turn, ended }: { group: Group; turn: number; ended: Ended }): Promise<void> {
  const { passed, exitCode, summary, command, output, durationMs } = ended;
  const { from, to, tree, merges } = group;
  const data = { command, durationMs, output, from, to, tree, tasks: merges.map(({ taskId }) => taskId) };
  await parts.changes.change(async ({ tx, record }) => {
    for (const { taskId, adwId } of merges) {
      const ordinal = Number.parseInt(to.slice(0, 7), 16); // another commit is another piece
      const key = { taskId, adwId, phase: 'REVIEW', attempt: turn, kind: 'merge', ordinal } as const;
      await insertEvidence(tx, { ...key, passed, exitCode, summary, data });
      record({ type: 'evidence.added', taskId, data: { phase: 'REVIEW', attempt: turn, kind: 'merge' } });
    }
  });
  for (const { taskId, adwId } of merges)
    await parts.logs
      .logger({ taskId, adwId, phase: null })
      [passed ? 'info' : 'warn'](`Before the merge: ${summary}`, { kind: 'step', duration: durationMs });
}
