/**
 * The conflict radar: while tasks run, which branches change the same lines as which. It looks when branches may have moved, and
 * then only at pairs of which one did.
 */
import type { EventType } from '#src/domain/event.ts';
import { scanBranches } from '#src/git/collisions.ts';
import { isMissing } from '#src/git/repository.ts';
import { type Following, followProjects } from '#src/orchestrator/follow-projects.ts';
import type { Changes } from '#src/store/change.ts';
import { listGone, listWatched, replaceCollisions } from '#src/store/collisions.ts';
import type { Database } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';

export type RadarParts = { database: Database; changes: Changes };

/** Looks at a project once; answers how many pairs git was asked about. */
export async function refreshRadar({ database, changes }: RadarParts, projectId: string): Promise<number> {
  const { db } = database;
  const project = await getProjectRow(db, projectId);
  if (isMissing(project)) return 0;
  const [watched, gone] = [await listWatched(db, projectId), await listGone(db, projectId)];
  const { changed, collisions, asked } = await scanBranches(project, watched);
  if (changed.length === 0 && gone.length === 0) return 0;
  await changes.change(async ({ tx, touch }) => {
    for (const taskId of await replaceCollisions(tx, { changed, gone, found: collisions })) touch(taskId);
  });
  return asked;
}

/** A commit, a new worktree, a merge: each is told with the task that it belongs to. */
const moving: ReadonlySet<EventType> = new Set(['task.changed']);

/** Follows the events until `signal` aborts. */
export const startRadar = (parts: RadarParts & Pick<Following, 'bus' | 'report'>, signal: AbortSignal): void =>
  followProjects(
    { ...parts, name: 'Conflict radar', types: moving, look: (projectId) => refreshRadar(parts, projectId) },
    signal,
  );
