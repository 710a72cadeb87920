/** Tasks on top of one another: in a stacked project one may begin while another that it waits for is still in review. */
import { satisfies } from '#src/domain/status.ts';
import type { MergePolicy, Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { getProjectRow, type ProjectRow } from '#src/store/projects.ts';
import { listDependants } from '#src/store/task-graph.ts';
import { getTask, getTasks } from '#src/store/tasks.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

/** The branch of the dependency in review that this task's branch starts from; undefined: the project's base branch. */
export async function findStackedBranch(db: Queryable, taskId: string): Promise<string | undefined> {
  const [below, ...others] = (await listUnmet(db, taskId)).filter(({ status }) => status === 'in_review');
  return others.length ? undefined : (below?.branchName ?? undefined);
}

/** Tasks that stand on one that was just merged, wait for nothing else, and are to be merged without a person. */
export async function listMergeable(db: Queryable, mergedId: string): Promise<Task[]> {
  const above = await getTasks(db, await listDependants(db, mergedId));
  const mergeable: Task[] = [];
  for (const task of above) {
    if (task.status !== 'in_review' || (await listUnmet(db, task.id)).length) continue;
    if ((task.merge ?? readMergePolicy(await getProjectRow(db, task.projectId))) === 'auto') mergeable.push(task);
  }
  return mergeable;
}

/** What a sentra.json that cannot be read would say is a person's to decide. */
function readMergePolicy(project: ProjectRow): MergePolicy {
  try {
    return readProjectConfig(project).merge;
  } catch (e) {
    if (e instanceof SentraError) return 'manual';
    throw e;
  }
}

async function listUnmet(db: Queryable, taskId: string): Promise<Task[]> {
  const { dependencies } = await getTask(db, taskId);
  return (await getTasks(db, dependencies)).filter(({ status }) => !satisfies(status));
}
