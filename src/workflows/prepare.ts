/** From a task to a worktree that an agent can work in: branch, folder, ports, env files, dependencies, set-up. Each a step. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { branchName, freeBranchName } from '#src/domain/branch-name.ts';
import type { Isolation } from '#src/domain/task.ts';
import { step } from '#src/engine/step.ts';
import { SentraError } from '#src/errors.ts';
import { returnBranch } from '#src/git/branch.ts';
import { findLimits } from '#src/git/limits.ts';
import { isDirty } from '#src/git/pool.ts';
import { excludeLocally, listBranchNames, type Repository, resolveCommit } from '#src/git/repository.ts';
import { saveWork } from '#src/git/save-work.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { findWorktree, planWorktree, setIsolation, setWorktreeState, type WorktreeRow } from '#src/store/worktrees.ts';
import { writeEnvironment } from '#src/workflows/environment.ts';
import { install } from '#src/workflows/install.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { claimWorktree, settleClaim } from '#src/workflows/pool.ts';
import type { SetupFacts } from '#src/workflows/room.ts';
import { putBack, savedPatchPath } from '#src/workflows/saved.ts';
import { findStackedBranch } from '#src/workflows/stack.ts';

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

/** Idempotent: a worktree that is there is taken, put back to its branch. Throws `branch_exists`, `install_failed`, `setup_failed`, … */
export async function prepareWorktree(parts: Parts, adwId: string, facts: SetupFacts): Promise<PreparedWorktree> {
  const log = parts.logs.logger({ taskId: facts.taskId, adwId, phase: null });
  const tree = await step('worktree', () => makeWorktree(parts, facts, log));
  const environment = await step('ports and env files', () => writeEnvironment(parts, adwId, facts, tree.path));
  if (tree.ready) await step('put back', () => putBack(parts, facts, tree, 'HEAD', log));
  else {
    await step('install', async (signal) => {
      await install(parts, facts, tree.path, adwId, log, signal, tree.hasDependencies);
      await markReady(parts, facts.taskId);
    });
  }
  const { ready: _, hasDependencies: __, ...worktree } = tree;
  return { ...worktree, ...environment };
}

export async function makeWorktree(parts: Parts, facts: SetupFacts, log: Logger, wantedBranch?: string) {
  const { db } = parts.database;
  const { taskId, project, config } = facts;
  const repository = { path: project.path, gitDir: project.gitDir };
  const kept = await findWorktree(db, taskId);
  const isolation = facts.confined ? config.isolation : 'none';
  if (kept?.state === 'ready' && kept.adminDir && existsSync(path.join(kept.path, '.git'))) {
    await tellIsolation(parts, kept, isolation);
    return { ...placeOf(kept), adminDir: kept.adminDir, ready: true, hasDependencies: true };
  }
  if (kept?.state === 'removing')
    throw new SentraError(
      'conflict',
      `The worktree of ${taskId} is being removed; try again. Where a crash cut that off, \`npx sentra worktree clean\` finishes it.`,
    );
  // One that is ready and not there was deleted by hand: it comes back on its own branch.
  const resumed = kept && (kept.state === 'creating' || kept.state === 'ready') ? kept : undefined;
  if (resumed && (await bringBranchBack(facts, resumed)))
    void log.info(`${resumed.branchName} is back as ${project.remote} has it`, { kind: 'step' });
  const below = (await findStackedBranch(db, taskId)) ?? project.baseBranch;
  const newest = await resolveCommit(repository, `refs/heads/${below}`);
  const base = resumed && !(newest && (await dropUnused(parts, facts, resumed, newest))) ? resumed.base : newest;
  if (!base)
    throw new SentraError(
      'worktree_failed',
      `${project.path} has no branch "${project.baseBranch}" to start from; set "baseBranch" in sentra.json or \`git branch ${project.baseBranch}\`.`,
    );
  const planned = {
    taskId,
    path: path.resolve(project.path, config.worktreesDir, taskId),
    branchName: resumed?.branchName ?? wantedBranch ?? (await nameBranch(facts)),
    base,
    isolation,
  };
  await parts.changes.change(async ({ tx, touch }) => {
    await planWorktree(tx, planned);
    touch(taskId);
  });
  await excludeLocally(repository, ['/.sentra/', '.env.local', '.ports.env']);
  const claimed = await takePrepared(parts, facts, planned, resumed !== undefined, log);
  const { adminDir, hasDependencies } = claimed ?? (await makeAnew(parts, repository, planned, resumed));
  await setWorktreeState(db, taskId, 'creating', adminDir);
  const how = claimed ? `, prepared ahead${hasDependencies ? ' with its dependencies' : ''}` : '';
  void log.info(`Worktree ${planned.path} on branch ${planned.branchName}, from ${base.slice(0, 10)}${how}`, {
    kind: 'step',
  });
  void findLimits(repository, base).then(
    (limits) => limits.forEach((limit) => void log.warn(limit, { kind: 'step' })),
    () => {}, // the repository went away: the next step says so
  );
  return { path: planned.path, adminDir, branchName: planned.branchName, base, ready: false, hasDependencies };
}

const bringBranchBack = async ({ taskId, project }: SetupFacts, { branchName: name, base }: WorktreeRow) =>
  project.remote !== null && (await returnBranch(project, { name, taskId, base, remote: project.remote }));

/** The project may have said otherwise since. */
async function tellIsolation(parts: Parts, { taskId, isolation }: WorktreeRow, now: Isolation): Promise<void> {
  if (isolation === now) return;
  await parts.changes.change(async ({ tx, touch }) => {
    await setIsolation(tx, taskId, now);
    touch(taskId);
  });
}

const placeOf = ({ path, branchName, base }: WorktreeRow) => ({ path, branchName, base });

type Planned = Pick<WorktreeRow, 'taskId' | 'path' | 'branchName' | 'base'>;

/** One of the pool, with what a person changed there put away; null where the ordinary way is the one to go. */
async function takePrepared(parts: Parts, facts: SetupFacts, planned: Planned, isResumed: boolean, log: Logger) {
  const { taskId, path: folder, branchName } = planned;
  const onDetail = (line: string) => void log.debug(line, { kind: 'step' });
  const claimed = isResumed
    ? await settleClaim(parts, facts.project, taskId)
    : await claimWorktree(parts, facts, planned, onDetail);
  if (!claimed || !existsSync(folder)) return null;
  const { adminDir } = claimed;
  if (await isDirty({ path: folder, adminDir }))
    await putBack(parts, facts, { path: folder, adminDir, branchName }, 'HEAD', log);
  return claimed;
}

async function makeAnew(parts: Parts, repository: Repository, planned: Planned, resumed: WorktreeRow | undefined) {
  const { adminDir } = await createWorktree(repository, planned).catch(async (e) => {
    // What is in the way is a person's: the task has no worktree, so that nothing takes it for ours and deletes it.
    if (!resumed?.adminDir && e instanceof SentraError && (e.code === 'branch_exists' || e.code === 'worktree_failed'))
      await setWorktreeState(parts.database.db, planned.taskId, 'removed');
    throw e;
  });
  return { adminDir, hasDependencies: false };
}

const nameBranch = async ({ type, title, taskId, project }: SetupFacts): Promise<string> =>
  freeBranchName(branchName(type, title, taskId), await listBranchNames(project));

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

async function markReady(parts: Parts, taskId: string): Promise<void> {
  await parts.changes.change(async ({ tx, record }) => {
    await setWorktreeState(tx, taskId, 'ready');
    record({ type: 'worktree.changed', taskId, data: { state: 'ready' } });
  });
}
