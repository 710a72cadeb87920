/**
 * The conflict radar: while tasks run, which branches change the same lines as which. It looks when branches may have moved, and
 * then only at pairs of which one did.
 */
import type { EventType } from '#src/domain/event.ts';
import { messageOf } from '#src/errors.ts';
import { scanBranches } from '#src/git/collisions.ts';
import { isMissing } from '#src/git/repository.ts';
import type { EventBus } from '#src/logs/stream-events.ts';
import type { Changes } from '#src/store/change.ts';
import { listGone, listWatched, replaceCollisions } from '#src/store/collisions.ts';
import type { Database } from '#src/store/database.ts';
import { lastEventId, listEvents } from '#src/store/events.ts';
import { getProjectRow, listProjectRows } from '#src/store/projects.ts';

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
/** Longer than a burst of events takes; soon enough for who looks at a board. */
const settleMs = 1_000;

/** Follows the events until `signal` aborts. */
export function startRadar(
  parts: RadarParts & { bus: EventBus; report: (line: string) => void },
  signal: AbortSignal,
): void {
  const { db } = parts.database;
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let last: number | undefined;
  const look = async () => {
    const due = new Set<string>();
    if (last === undefined) for (const { id } of await listProjectRows(db)) due.add(id);
    last ??= await lastEventId(db);
    for (let page = await listEvents(db, last, 1_000); page.length; page = await listEvents(db, last, 1_000)) {
      for (const { type, projectId } of page) if (projectId && moving.has(type)) due.add(projectId);
      last = page.at(-1)?.id ?? last;
    }
    for (const projectId of due) await refreshRadar(parts, projectId);
  };
  const soon = () => {
    if (signal.aborted) return;
    timer ??= setTimeout(async () => {
      timer = undefined;
      if (busy) return soon();
      busy = true;
      await look().catch((e) => signal.aborted || parts.report(`Conflict radar: ${messageOf(e)}`));
      busy = false;
    }, settleMs);
  };
  const unsubscribe = parts.bus.subscribe(soon);
  signal.addEventListener('abort', () => {
    unsubscribe();
    clearTimeout(timer);
  });
  soon();
}
