/** Tasks as the nodes of their graph: the few columns that it shows, for ten thousand at once. */

import { currentPhase, phaseProgress } from '#src/domain/phase-progress.ts';
import type { Task } from '#src/domain/task.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, desc, eq } from '#src/store/drizzle.ts';
import { phases, runs, tasks } from '#src/store/schema.ts';

export type TaskNode = Pick<Task, 'id' | 'title' | 'status' | 'phase' | 'priority'>;

type RunPhases = Parameters<typeof phaseProgress>[0][number];

/** Every task of a project, newest first. */
export async function listNodes(db: Queryable, projectId: string): Promise<TaskNode[]> {
  const rows = await db
    .select({ id: tasks.id, title: tasks.title, status: tasks.status, priority: tasks.priority })
    .from(tasks)
    .where(eq(tasks.projectId, projectId))
    .orderBy(desc(tasks.createdAt), desc(tasks.id));
  const runsOf = await listRunPhases(db, projectId);
  return rows.map(({ id, title, status, priority }) => ({
    id,
    title,
    status: status as Task['status'],
    priority: priority as Task['priority'],
    phase: currentPhase(phaseProgress(runsOf.get(id) ?? [])),
  }));
}

/** Runs by their task, newest first, with where each of their phases ended. */
async function listRunPhases(db: Queryable, projectId: string): Promise<Map<string, RunPhases[]>> {
  const ofProject = and(eq(tasks.id, runs.taskId), eq(tasks.projectId, projectId));
  const runRows = await db
    .select({ adwId: runs.adwId, taskId: runs.taskId, workflowType: runs.workflowType, fromPhase: runs.fromPhase })
    .from(runs)
    .innerJoin(tasks, ofProject)
    .orderBy(desc(runs.createdAt), desc(runs.adwId));
  const phaseRows = await db
    .selectDistinctOn([phases.adwId, phases.phase], {
      adwId: phases.adwId,
      phase: phases.phase,
      state: phases.state,
      attempt: phases.attempt,
    })
    .from(phases)
    .innerJoin(tasks, and(eq(tasks.id, phases.taskId), eq(tasks.projectId, projectId)))
    .orderBy(phases.adwId, phases.phase, desc(phases.startedAt), desc(phases.attempt));
  const phasesOf = Map.groupBy(phaseRows, ({ adwId }) => adwId);
  const runsOf = new Map<string, RunPhases[]>();
  for (const { adwId, taskId, ...run } of runRows) {
    const known = runsOf.get(taskId) ?? [];
    runsOf.set(taskId, known);
    known.push({ ...run, phases: phasesOf.get(adwId) ?? [] } as RunPhases);
  }
  return runsOf;
}
