/** What the socket of a session answers: only what belongs to its own task and the titles of those beside it. */
import type { HookReport, HookState } from '#src/domain/hook.ts';
import type { HookDesk } from '#src/hooks/hook-server.ts';
import { listCollisions } from '#src/store/collisions.ts';
import type { Queryable } from '#src/store/database.ts';
import { countWaiting, listMessages } from '#src/store/messages.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { getRunRow } from '#src/store/runs.ts';
import { getTask, getTaskRow, getTasks, listTasks } from '#src/store/tasks.ts';
import type { HooksRequest } from '#src/workflows/hooks.ts';
import type { Run } from '#src/workflows/run.ts';

/** Of tasks beside this one; an agent needs no more. */
const mostPeers = 20;

export function createDesk(
  { parts, adwId, facts }: Run,
  { session: { taskId, phase, attempt }, stopReason }: Pick<HooksRequest, 'session' | 'stopReason'>,
  report: (report: HookReport) => boolean,
): HookDesk {
  const { db } = parts.database;
  return {
    report,
    async state() {
      const { title, description, status, dependencies, projectId } = await getTask(db, taskId);
      const { plan } = await getTaskRow(db, taskId);
      const own = (await getTasks(db, dependencies)).map(toNeighbour);
      const peers = await listPeersOf(db, { taskId, projectId });
      return { taskId, title, description, status, phase, attempt, plan, dependencies: own, peers };
    },
    messages: () => listMessages(db, taskId),
    async goOn() {
      const { status } = await getRunRow(db, adwId);
      const reason = status === 'running' ? stopReason() : `The run is ${status}: a person ended it.`;
      const { paused } = await getProjectRow(db, facts.project.id);
      const messagesWaiting = await countWaiting(db, taskId);
      return { goOn: reason === undefined, reason: reason ?? null, paused, messagesWaiting };
    },
  };
}

const toNeighbour = ({ id, title, status }: { id: string; title: string; status: string }) => ({ id, title, status });

async function listPeersOf(
  db: Queryable,
  { taskId, projectId }: { taskId: string; projectId: string },
): Promise<HookState['peers']> {
  const pages = await Promise.all(
    (['running', 'in_review'] as const).map((status) => listTasks(db, { projectId, status, limit: mostPeers })),
  );
  const others = pages.flatMap(({ items }) => items).filter(({ id }) => id !== taskId);
  const paths = new Map((await listCollisions(db, [taskId])).map((found) => [found.otherId, [...found.paths]]));
  return others.slice(0, mostPeers).map((task) => ({ ...toNeighbour(task), paths: paths.get(task.id) ?? [] }));
}
