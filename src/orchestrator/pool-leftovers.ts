/** Of the pool what no row stands for: a row is written first and deleted last, so it is another Sentra's, or its database was lost. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { PoolId } from '#src/domain/ids.ts';
import { listOwnWorktrees } from '#src/git/leftovers.ts';
import type { Leftover } from '#src/orchestrator/leftovers.ts';
import { listPool } from '#src/store/pool.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import { saveAndRemove } from '#src/workflows/clean-up.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { homeOf } from '#src/workflows/pool.ts';

const reason = 'prepared ahead, and not by this Sentra; another one may use it';

export async function findPooled(parts: Parts, project: ProjectRow): Promise<Leftover[]> {
  const loose = (await listOwnWorktrees(project)).filter((one) => isPoolId(path.basename(one.path)));
  if (loose.length === 0) return [];
  const known = await knownIds(parts); // after the look at the disk: a row is there before its worktree
  return loose
    .filter((one) => !known.has(path.basename(one.path)))
    .map((one): Leftover => {
      const id = path.basename(one.path);
      const tree = { taskId: id, path: one.path, adminDir: one.adminDir, branchName: null };
      const act = () => saveAndRemove(parts, project, tree);
      return { kind: 'pool', taskId: null, path: one.path, reason, action: 'save_and_remove', foreign: true, act };
    });
}

export async function findPoolHomes(parts: Parts): Promise<Leftover[]> {
  const names = await readdir(path.join(parts.home, 'homes')).catch(() => []);
  const loose = names.filter(isPoolId);
  if (loose.length === 0) return [];
  const known = await knownIds(parts);
  return loose
    .filter((id) => !known.has(id))
    .map((id): Leftover => {
      const folder = homeOf(parts, id);
      const act = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
      return { kind: 'home', taskId: null, path: folder, reason, action: 'remove', foreign: true, act };
    });
}

const isPoolId = (name: string): boolean => PoolId.safeParse(name).success;

const knownIds = async ({ database }: Parts): Promise<Set<string>> =>
  new Set((await listPool(database.db)).map((row) => row.id));
