/**
 * Taking a worktree that was prepared ahead, instead of making one. The row is claimed first, so each goes to one task only; it is
 * deleted last, so whatever a crash cuts off is found by it: `settleClaim` then finishes the taking or takes it back. On any
 * doubt the task gets a worktree in the ordinary way, and what was doubtful is put away by the orchestrator.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import { passFailpoint } from '#src/engine/failpoints.ts';
import { renamePlace } from '#src/environment/relocation.ts';
import { messageOf } from '#src/errors.ts';
import { findDoubt, giveBack, isTaken, listManifests, type Pooled, type Taking, take } from '#src/git/pool.ts';
import type { Repository } from '#src/git/repository.ts';
import { claimPooled, deletePooled, findClaim, movePooled, type PoolRow } from '#src/store/pool.ts';
import { findWorktree, setAdminDir } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import type { SetupFacts } from '#src/workflows/room.ts';

export type Wanted = { path: string; branchName: string; base: string };
export type Claimed = {
  adminDir: string;
  /** Its dependencies are in place, and they are those of `base`. */
  hasDependencies: boolean;
};

/** A prepared worktree at its final place, on its branch. Null when there is none, or none that is beyond doubt. */
export async function claimWorktree(
  parts: Parts,
  facts: Pick<SetupFacts, 'taskId' | 'project' | 'config' | 'confined'>,
  wanted: Wanted,
  onDetail: (line: string) => void,
): Promise<Claimed | null> {
  const { db } = parts.database;
  const { taskId, project } = facts;
  const settings = poolSettings(facts.config, facts.confined);
  // A home that is there already is the task's own: another cannot take its place.
  if (existsSync(homeOf(parts, taskId))) return null;
  const row = await claimPooled(db, { projectId: project.id, taskId, base: wanted.base, settings });
  const from = row && pooledOf(row);
  if (!row || !from) return null;
  await passFailpoint('claim row', 'effect');
  const doubt = await findDoubt(from);
  if (doubt) {
    onDetail(`The worktree prepared ahead at ${row.path} is not used: ${doubt}`);
    await movePooled(db, row.id, 'claimed', { state: 'dropping', taskId: null });
    return null;
  }
  const hasDependencies = await suits(project, row, wanted.base);
  try {
    await finish(parts, project, row, { ...wanted, from, taskId });
  } catch (e) {
    if (await isTaken({ from, branchName: wanted.branchName })) throw e;
    onDetail(messageOf(e));
    await undo(parts, project, row, { ...wanted, from, taskId });
    return null;
  }
  return { adminDir: from.adminDir, hasDependencies };
}

/** Finishes or undoes a claim that a crash cut off; null when the task has no worktree by it. */
export async function settleClaim(parts: Parts, project: Repository, taskId: string): Promise<Claimed | null> {
  const row = await findClaim(parts.database.db, taskId);
  const planned = await findWorktree(parts.database.db, taskId);
  const from = row && pooledOf(row);
  if (!row || !from || !planned) return null;
  const taking = { from, path: planned.path, branchName: planned.branchName, base: planned.base, taskId };
  if (await isTaken(taking)) {
    const hasDependencies = await suits(project, row, planned.base);
    await finish(parts, project, row, taking);
    return { adminDir: from.adminDir, hasDependencies };
  }
  await undo(parts, project, row, taking);
  return null;
}

async function finish(parts: Parts, project: Repository, row: PoolRow, taking: Taking): Promise<void> {
  const { taskId, from, path: folder } = taking;
  for await (const step of take(project, taking)) await passFailpoint(`claim ${step}`, 'effect');
  await renamePlace(folder, row.named, { from: row.id, to: taskId });
  await passFailpoint('claim names', 'effect');
  await moveHome(parts, row.id, taskId);
  await passFailpoint('claim home', 'effect');
  await parts.database.transaction(async (tx) => {
    await setAdminDir(tx, taskId, from.adminDir);
    await deletePooled(tx, row.id);
  });
}

/** What was installed may have left something in the home folder that it needs. */
async function moveHome(parts: Pick<Parts, 'home'>, poolId: string, taskId: string): Promise<void> {
  const left = homeOf(parts, poolId);
  if (!existsSync(left)) return;
  await mkdir(path.dirname(left), { recursive: true });
  await rename(left, homeOf(parts, taskId));
}

async function undo(parts: Parts, project: Repository, row: PoolRow, taking: Taking): Promise<void> {
  await giveBack(project, taking);
  await movePooled(parts.database.db, row.id, 'claimed', { state: 'dropping', taskId: null });
}

/** Beside those of tasks, so that a claim is a rename and paths out of the worktree stay right. */
export const poolPath = (project: { path: string }, config: ProjectConfig, id: string): string =>
  path.resolve(project.path, config.worktreesDir, id);

export const homeOf = (parts: Pick<Parts, 'home'>, id: string): string => path.join(parts.home, 'homes', id);

export const pooledOf = ({ path: folder, adminDir, base }: PoolRow): Pooled | null =>
  adminDir ? { path: folder, adminDir, base } : null;

/** What a worktree must have been prepared by to be of use. */
export const poolSettings = (config: ProjectConfig, confined: boolean): string =>
  digest([config.worktreesDir, config.setup.install, config.pool.install, confined, process.version]);

/** Marks dependencies that were made from sources of the repository as well: good for one commit. */
const pinned = 'at ';

async function suits(project: Repository, row: PoolRow, base: string): Promise<boolean> {
  if (row.dependencies === null) return false;
  if (row.base === base) return true;
  return !row.dependencies.startsWith(pinned) && row.dependencies === (await dependencyKey(project, base));
}

/** Names what the dependencies of a commit are made from. Its answer for two commits is the same when their manifests are. */
export async function dependencyKey(project: Repository, commit: string, isPinned = false): Promise<string> {
  const key = digest([process.arch, ...(await listManifests(project, commit))]);
  return isPinned ? `${pinned}${key}` : key;
}

const digest = (parts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
