import { listCollisions } from '#src/store/collisions.ts';
import type { Queryable } from '#src/store/database.ts';
import { getTasks } from '#src/store/tasks.ts';

const mostTold = 10;

/** What a session is told of the conflict radar: a section for its prompt, empty where no other branch changes the same lines. */
export async function describeNeighbours(db: Queryable, taskId: string): Promise<string> {
  const found = (await listCollisions(db, [taskId])).slice(0, mostTold);
  if (found.length === 0) return '';
  const titles = new Map(
    (
      await getTasks(
        db,
        found.map(({ otherId }) => otherId),
      )
    ).map(({ id, title }) => [id, title]),
  );
  const lines = found.map(
    ({ otherId, paths }) => `- ${titles.get(otherId) ?? otherId}: ${paths.slice(0, 20).join(', ')}`,
  );
  return `\n\n## Other tasks change the same lines\n\nTheir branches conflict with this one as both are now. Keep your change small there, so that they can be joined.\n\n${lines.join('\n')}`;
}
