/** Tasks on top of one another: in a stacked project one may begin while another that it waits for is still in review. */
import { satisfies } from '#src/domain/status.ts';
import type { Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { getTask, getTasks } from '#src/store/tasks.ts';

/** The branch of the dependency in review that this task's branch starts from; undefined: the project's base branch. */
export async function findStackedBranch(db: Queryable, taskId: string): Promise<string | undefined> {
  const [below, ...others] = (await listUnmet(db, taskId)).filter(({ status }) => status === 'in_review');
  return others.length ? undefined : (below?.branchName ?? undefined);
}

/** A merge would take what it stands on with it, unread. Throws `not_allowed`. */
export async function refuseUnmerged(db: Queryable, taskId: string): Promise<void> {
  const [first] = await listUnmet(db, taskId);
  if (first)
    throw new SentraError(
      'not_allowed',
      `${taskId} waits for "${first.title}" (${first.id}), which is ${first.status.replace('_', ' ')}: merge or skip that one first, or drop the dependency.`,
    );
}

async function listUnmet(db: Queryable, taskId: string): Promise<Task[]> {
  const { dependencies } = await getTask(db, taskId);
  return (await getTasks(db, dependencies)).filter(({ status }) => !satisfies(status));
}
