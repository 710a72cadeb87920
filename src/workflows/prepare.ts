/** From a task to a worktree that an agent can work in: branch, folder, ports, env files, dependencies, set-up. Each a step. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { branchName } from '#src/domain/branch-name.ts';
import { step } from '#src/engine/step.ts';
import { buildCacheVariables } from '#src/environment/build-cache.ts';
import { copyUntracked } from '#src/environment/copy-untracked.ts';
import { installDependencies } from '#src/environment/dependencies.ts';
import { writeEnvFiles } from '#src/environment/env-files.ts';
import { leasePorts } from '#src/environment/ports.ts';
import { createRunner, hostTools, type Runner } from '#src/environment/runner.ts';
import { runSetup } from '#src/environment/setup.ts';
import { SentraError } from '#src/errors.ts';
import { excludeLocally, resolveCommit } from '#src/git/repository.ts';
import { createWorktree, removeWorktree, saveWork } from '#src/git/worktree.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import type { Room } from '#src/sandbox/sandbox.ts';
import type { Database } from '#src/store/database.ts';
import { findLease, listTakenPorts, namePorts, releaseLease, takeLease } from '#src/store/port-leases.ts';
import { addCopied, findWorktree, planWorktree, setWorktreeState, type WorktreeRow } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import type { RunFacts } from '#src/workflows/run.ts';
import { putBack, savedPatchPath } from '#src/workflows/saved.ts';

export type PreparedWorktree = {
  path: string;
  adminDir: string;
  branchName: string;
  /** The commit that the branch started from. */
  base: string;
  ports: Record<string, number>;
  /** Untracked files that were copied in: never committed. */
  copied: string[];
};

export type SetupFacts = Pick<RunFacts, 'taskId' | 'title' | 'type' | 'project' | 'config' | 'confined'>;

/** Idempotent: a worktree that is there is taken, put back to its branch. Throws `branch_exists`, `install_failed`, `setup_failed`, … */
export async function prepareWorktree(parts: Parts, adwId: string, facts: SetupFacts): Promise<PreparedWorktree> {
  const log = parts.logs.logger({ taskId: facts.taskId, adwId, phase: null });
  const tree = await step('worktree', () => makeWorktree(parts, facts, log));
  const environment = await step('ports and env files', () => writeEnvironment(parts, adwId, facts, tree.path));
  if (tree.ready) await step('put back', () => putBack(parts, facts, tree, 'HEAD', log));
  else {
    await step('install', async (signal) => {
      await install(parts, facts, tree.path, environment.ports, log, signal);
      await markReady(parts, facts.taskId);
    });
  }
  const { ready: _, ...worktree } = tree;
  return { ...worktree, ...environment };
}

/** Runs the project's commands in a task's worktree, confined as the task is. */
export function runnerFor(
  parts: Parts,
  facts: SetupFacts,
  worktreePath: string,
  more: Pick<Room, 'discarded' | 'writable'> = {},
): Runner {
  return createRunner({
    sandbox: facts.confined ? parts.sandbox : undefined,
    room: { ...roomOf(parts, facts, worktreePath), ...more },
    baseEnv: { ...parts.baseEnv },
  });
}

export const roomOf = (parts: Parts, facts: SetupFacts, worktreePath: string) => ({
  worktreePath,
  gitDir: facts.project.gitDir,
  repositoryPath: facts.project.path,
  homePath: path.join(parts.home, 'homes', facts.taskId),
});

export async function makeWorktree(parts: Parts, facts: SetupFacts, log: Logger, wantedBranch?: string) {
  const { db } = parts.database;
  const { taskId, project, config } = facts;
  const repository = { path: project.path, gitDir: project.gitDir };
  const kept = await findWorktree(db, taskId);
  if (kept?.state === 'ready' && kept.adminDir && existsSync(path.join(kept.path, '.git')))
    return { path: kept.path, adminDir: kept.adminDir, branchName: kept.branchName, base: kept.base, ready: true };
  // One that is ready and not there was deleted by hand: it comes back on its own branch.
  const resumed = kept && (kept.state === 'creating' || kept.state === 'ready') ? kept : undefined;
  const newest = await resolveCommit(repository, `refs/heads/${project.baseBranch}`);
  const base = resumed && !(newest && (await dropUnused(parts, facts, resumed, newest))) ? resumed.base : newest;
  if (!base)
    throw new SentraError(
      'worktree_failed',
      `${project.path} has no branch "${project.baseBranch}" to start from; set "baseBranch" in sentra.json or \`git branch ${project.baseBranch}\`.`,
    );
  const planned = {
    taskId,
    path: path.resolve(project.path, config.worktreesDir, taskId),
    branchName: resumed?.branchName ?? wantedBranch ?? branchName(facts.type, facts.title, taskId),
    base,
    isolation: facts.confined ? 'shared' : 'none',
  };
  await parts.changes.change(async ({ tx, touch }) => {
    await planWorktree(tx, planned);
    touch(taskId);
  });
  await excludeLocally(repository, ['/.sentra/', '.env.local', '.ports.env']);
  const { adminDir } = await createWorktree(repository, planned).catch(async (e) => {
    // What is in the way is a person's: the task has no worktree, so that nothing takes it for ours and deletes it.
    if (!resumed?.adminDir && e instanceof SentraError && (e.code === 'branch_exists' || e.code === 'worktree_failed'))
      await setWorktreeState(db, taskId, 'removed');
    throw e;
  });
  await setWorktreeState(db, taskId, 'creating', adminDir);
  void log.info(`Worktree ${planned.path} on branch ${planned.branchName}, from ${base.slice(0, 10)}`, {
    kind: 'step',
  });
  return { path: planned.path, adminDir, branchName: planned.branchName, base, ready: false };
}

/** A worktree whose set-up failed gives way to one with what was mended since on the base; true when it did. */
async function dropUnused(parts: Parts, facts: SetupFacts, kept: WorktreeRow, newest: string): Promise<boolean> {
  const { path: folder, adminDir, branchName, base } = kept;
  const tip = await resolveCommit(facts.project, `refs/heads/${branchName}`);
  if (!adminDir || base === newest || (tip && tip !== base)) return false;
  const file = savedPatchPath(parts.home, facts.taskId);
  if (await saveWork(facts.project, { path: folder, adminDir, branchName, base, file }))
    void parts.logs
      .logger({ taskId: facts.taskId })
      .info(`The worktree is made anew on the newest ${facts.project.baseBranch}; its changes are saved in ${file}`, {
        kind: 'step',
      });
  const empty = await removeWorktree(facts.project, { path: folder, branchName, deleteBranch: true });
  await empty();
  return true;
}

export async function writeEnvironment(
  parts: Parts,
  adwId: string | null,
  facts: SetupFacts,
  worktreePath: string,
): Promise<{ ports: Record<string, number>; copied: string[] }> {
  const { taskId, config, project } = facts;
  const { db } = parts.database;
  const ports = await leasePorts({
    taskId,
    names: config.ports,
    strategy: config.portStrategy,
    leases: leasesOver(db),
  });
  await namePorts(db, taskId, ports);
  const found = await copyUntracked({
    repositoryPath: project.path,
    worktreePath,
    patterns: config.setup.copy,
  });
  if (found.length)
    await excludeLocally(
      project,
      found.map((file) => `/${file.replace(/[\\*?[\]!# ]/g, '\\$&')}`),
    );
  const copied = await addCopied(db, taskId, found);
  await writeEnvFiles({
    worktreePath,
    taskId,
    adwId: adwId ?? '',
    ports,
    ...(config.database ? { databaseUrl: config.database.url } : {}),
  });
  return { ports, copied };
}

async function install(
  parts: Parts,
  facts: SetupFacts,
  worktreePath: string,
  ports: Record<string, number>,
  log: Logger,
  signal: AbortSignal,
): Promise<{ done: true }> {
  // Installs of hook managers write git hooks; here they may, and nothing comes of it: Sentra's commits run none.
  const discarded = ['hooks', 'info'].map((folder) => path.join(facts.project.gitDir, folder));
  // Packages are fetched once for a project. Only installs can write here, and package managers check what they take out.
  const cachePath = path.join(cachesOf(parts, facts), 'packages');
  await mkdir(cachePath, { recursive: true });
  const build = await openBuildCache(parts, facts, worktreePath);
  const runner = runnerFor(parts, facts, worktreePath, { discarded, writable: [cachePath, ...build.writable] });
  const timeoutMs = facts.config.limits.phaseTimeoutMinutes * 60_000;
  const onLine = (line: string) => void log.info(line, { kind: 'output', toolUsed: 'install' });
  const installed = await installDependencies({
    runner,
    worktreePath,
    setting: facts.config.setup.install,
    cachePath,
    prepared: {
      folder: path.join(cachesOf(parts, facts), 'dependencies'),
      homePath: roomOf(parts, facts, worktreePath).homePath,
      searchPath: hostTools(parts.baseEnv).env.PATH,
    },
    onLine,
    onDetail: (line) => void log.debug(line, { kind: 'step' }),
    timeoutMs,
    signal,
  });
  signal.throwIfAborted();
  if (installed.outcome === 'failed')
    throw new SentraError(
      'install_failed',
      `Installing dependencies failed: \`${installed.command}\` exited with ${installed.exitCode ?? 'a signal'}. Mend the project or its sentra.json (setup.install), then retry.\n${installed.tail}`,
    );
  if (installed.outcome === 'installed')
    void log.info(`Dependencies installed by \`${installed.command}\` in ${installed.durationMs} ms`, { kind: 'step' });
  if (installed.outcome === 'prepared')
    void log.info(`Dependencies taken from the prepared ones in ${installed.durationMs} ms`, { kind: 'step' });
  const steps = await runSetup({
    runner,
    worktreePath,
    setup: facts.config.setup,
    env: { ...portVariables(ports), ...build.env },
    onLine,
    timeoutMs,
    signal,
  });
  const failed = steps.find((s) => s.outcome === 'failed');
  if (failed)
    throw new SentraError(
      'setup_failed',
      `Set-up step "${failed.name}" failed: \`${failed.command}\` exited with ${failed.exitCode ?? 'a signal'}. Mend it, then retry.\n${failed.tail}`,
    );
  return { done: true };
}

/** Of one project: what one of its tasks leaves here is for its other tasks only. */
const cachesOf = (parts: Parts, facts: SetupFacts): string => path.join(parts.home, 'caches', facts.project.id);

/** What set-up and TEST need to share built parts with the project's other tasks, where it asks for that. */
export async function openBuildCache(parts: Parts, facts: SetupFacts, worktreePath: string) {
  if (!facts.config.setup.buildCache) return { writable: [], env: {} };
  const folder = path.join(cachesOf(parts, facts), 'build');
  await mkdir(folder, { recursive: true });
  return { writable: [folder], env: buildCacheVariables(folder, worktreePath) };
}

async function markReady(parts: Parts, taskId: string): Promise<void> {
  await parts.changes.change(async ({ tx, record }) => {
    await setWorktreeState(tx, taskId, 'ready');
    record({ type: 'worktree.changed', taskId, data: { state: 'ready' } });
  });
}

const leasesOver = (db: Database['db']) => ({
  find: (taskId: string) => findLease(db, taskId),
  take: (taskId: string, firstPort: number) => takeLease(db, taskId, firstPort),
  taken: () => listTakenPorts(db),
  release: (taskId: string) => releaseLease(db, taskId),
});

/** Ports as variables of an environment. */
export const portVariables = (ports: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
