/** A task's plan as people see and edit it, until CODE works by it. */

import type { TaskPlan } from '#src/domain/task-plan.ts';
import { phasesOf, type WorkflowType } from '#src/domain/workflow.ts';
import { SentraError } from '#src/errors.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { hasPassed } from '#src/store/phases.ts';
import { addPlan, listPlans } from '#src/store/plans.ts';
import { findActiveRun } from '#src/store/runs.ts';
import { getTaskRow, lockTask } from '#src/store/tasks.ts';

export type Plans = {
  get(taskId: string): Promise<TaskPlan>;
  /** Throws `not_allowed` when CODE works by the one that there is, or PLAN would replace it. */
  put(taskId: string, text: string): Promise<TaskPlan>;
};

export function createPlans({ database, changes }: { database: Database; changes: Changes }): Plans {
  const { db } = database;
  const get = async (taskId: string): Promise<TaskPlan> => {
    const { plan, status } = await getTaskRow(db, taskId);
    const reason = await whyNotEditable(db, taskId, status);
    return { plan, versions: await listPlans(db, taskId), editable: reason === undefined, reason: reason ?? null };
  };
  return {
    get,
    async put(taskId, text) {
      await getTaskRow(db, taskId);
      await changes.change(async ({ tx, touch, record }) => {
        const status = await lockTask(tx, taskId);
        const reason = await whyNotEditable(tx, taskId, status);
        if (reason) throw new SentraError('not_allowed', `The plan of ${taskId} cannot be edited: ${reason}.`);
        await addPlan(tx, taskId, text, 'person');
        touch(taskId);
        record({ type: 'plan.changed', taskId });
      });
      return get(taskId);
    },
  };
}

async function whyNotEditable(db: Queryable, taskId: string, status: string): Promise<string | undefined> {
  if (['completed', 'skipped', 'cancelled'].includes(status)) return `the task is ${status}`;
  const run = await findActiveRun(db, taskId);
  if (!run) return undefined;
  if (run.planTakenAt)
    return 'CODE works by it already. Send the agent a message, or wait for the end of the run and edit it then';
  const begins = run.fromPhase === null || run.fromPhase === 'PLAN';
  const willPlan = begins && phasesOf[run.workflowType as WorkflowType].includes('PLAN');
  if (willPlan && !(await hasPassed(db, run.adwId, 'PLAN')))
    return 'PLAN of the present run will write one. Wait for it to end; to look at a plan before code is written, start the workflow "plan" alone';
  return undefined;
}
