/**
 * Stacked tasks follow what they stand on: when the branch of a dependency in review has changed, the task on top of it, in
 * review too, gets a run in which an agent works that branch in, with tests and review as for any other change.
 */
import type { EventType } from '#src/domain/event.ts';
import type { Rework } from '#src/domain/rework.ts';
import { isContained } from '#src/git/branch.ts';
import { mergeTrees } from '#src/git/compose-merge.ts';
import { isMissing, type Repository } from '#src/git/repository.ts';
import { type Following, followProjects } from '#src/orchestrator/follow-projects.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findPullRequest } from '#src/store/pull-requests.ts';
import { listStacks } from '#src/store/task-graph.ts';
import { getTask, getTaskRow, lockIdleTask } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import { beginRun } from '#src/workflows/begin-run.ts';

export type RestackParts = { database: Database; changes: Changes };

/** Looks at a project once; answers the tasks that got a run. */
export async function restack(parts: RestackParts, projectId: string): Promise<string[]> {
  const { db } = parts.database;
  const project = await getProjectRow(db, projectId);
  if (!project.stacked || isMissing(project)) return [];
  const begun: string[] = [];
  for (const { above, below } of await listStacks(db, projectId)) {
    const merge = await findNewBase(parts.database, project, { above, below });
    if (merge && (await workIn(parts, { above, below, merge }))) begun.push(above);
  }
  return begun;
}

type Pair = { above: string; below: string };
type Merge = Pick<Rework, 'base' | 'paths' | 'said'>;

/** What the lower branch has become, where the upper one began on it and does not have it. */
async function findNewBase(
  { db }: Database,
  repository: Repository & { baseBranch: string },
  { above, below }: Pair,
): Promise<Merge | undefined> {
  const [upper, lower] = [await findPullRequest(db, above), await findPullRequest(db, below)];
  const worktree = await findWorktree(db, above);
  if (upper?.state !== 'open' || lower?.state !== 'open' || worktree?.state !== 'ready') return undefined;
  const baseRef = `refs/heads/${upper.baseBranch}`;
  if (await isContained(repository, baseRef, worktree.base)) return undefined;
  if (await isContained(repository, upper.headCommit, lower.headCommit)) return undefined;
  const { paths, said } = await mergeTrees(repository, upper.headCommit, lower.headCommit);
  return { base: lower.headCommit, paths, said };
}

/** False when a person or another server was faster. */
async function workIn({ database, changes }: RestackParts, { above, below, merge }: Pair & { merge: Merge }) {
  const [task, { title, plan }] = [await getTask(database.db, above), await getTaskRow(database.db, below)];
  const rework = { kind: 'below' as const, ...merge, others: [{ taskId: below, title, plan }] };
  return changes.change(async (change) => {
    if ((await lockIdleTask(change.tx, above)) !== 'in_review') return false;
    await beginRun(change, task, { workflowType: 'full_sdlc', fromPhase: 'CODE', rework });
    return true;
  });
}

/** A task that comes back into review is told with this. */
const moving: ReadonlySet<EventType> = new Set(['task.changed']);

/** Follows the events until `signal` aborts. */
export const startRestacking = (parts: RestackParts & Pick<Following, 'bus' | 'report'>, signal: AbortSignal): void =>
  followProjects(
    { ...parts, name: 'Stacked tasks', types: moving, look: (projectId) => restack(parts, projectId) },
    signal,
  );
