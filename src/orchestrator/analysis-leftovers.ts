/** What an analysis leaves where it is ended while nobody works on it: the tree that it read, the private home of its agent. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { AnalysisId } from '#src/domain/ids.ts';
import { listOwnWorktrees } from '#src/git/leftovers.ts';
import { removeWorktree } from '#src/git/worktree.ts';
import type { Leftover } from '#src/orchestrator/leftovers.ts';
import { listAnalysisStatuses } from '#src/store/analyses.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import type { Parts } from '#src/workflows/parts.ts';

export async function findAnalysisTrees(parts: Parts, project: ProjectRow): Promise<Leftover[]> {
  const places = (await listOwnWorktrees(project)).map((one) => one.path);
  return findOver(parts, places, 'worktree', async (place) => {
    const empty = await removeWorktree(project, { path: place, deleteBranch: false });
    await empty();
  });
}

export async function findAnalysisHomes(parts: Parts): Promise<Leftover[]> {
  const homes = path.join(parts.home, 'homes');
  const places = (await readdir(homes).catch(() => [])).map((name) => path.join(homes, name));
  return findOver(parts, places, 'home', (place) => rm(place, { recursive: true, force: true, maxRetries: 3 }));
}

async function findOver(
  { database }: Parts,
  places: readonly string[],
  kind: 'worktree' | 'home',
  remove: (place: string) => Promise<void>,
): Promise<Leftover[]> {
  const ours = places.filter((place) => AnalysisId.safeParse(path.basename(place)).success);
  if (ours.length === 0) return [];
  const ids = ours.map((place) => path.basename(place));
  const statuses = await listAnalysisStatuses(database.db, ids);
  return ours.flatMap((place): Leftover[] => {
    const status = statuses.get(path.basename(place));
    if (status === 'queued' || status === 'running') return [];
    const reason = status ? `the analysis is ${status}` : 'no analysis of this Sentra; another one may use it';
    const foreign = status ? {} : { foreign: true as const };
    return [{ kind, taskId: null, path: place, reason, action: 'remove', ...foreign, act: () => remove(place) }];
  });
}
