/** What a forecast rests on: phases that are over with what they came to, and phases that are left. */

import type { Example } from '#src/domain/forecast.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { phasesOf, type WorkflowType } from '#src/domain/workflow.ts';
import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';
import { phases, runs, tasks } from '#src/store/schema.ts';

const newest = 2000;

/** Phases that passed, all attempts of the run together; without those of which a part has no price. */
export async function listExamples(db: Queryable, projectId: string): Promise<Example[]> {
  const { rows } = await db.execute<{ workflow_type: string; agent: string; phase: string; micros: string }>(sql`
    select r.workflow_type, case when p.phase = 'TEST' then '' else coalesce(max(p.agent), '') end as agent, p.phase, (sum(p.cost_usd) * 1000000)::bigint::text as micros
    from ${phases} p join ${runs} r on r.adw_id = p.adw_id join ${tasks} t on t.id = p.task_id
    where t.project_id = ${projectId} and p.attempt > 0
    group by p.adw_id, p.phase, r.workflow_type
    having bool_or(p.state = 'passed') and bool_and(p.cost_usd is not null)
    order by max(p.started_at) desc limit ${newest}`);
  return rows.map((row) => ({
    workflowType: row.workflow_type,
    agent: row.agent,
    phase: row.phase,
    micros: Number(row.micros),
  }));
}

export type RemainingPhase = { taskId: string; workflowType: string; agent: string | null; phase: string };

/** Phases of a task's workflow that have not passed in its newest run, of tasks that are neither over nor given up nor in review. */
export async function listRemaining(db: Queryable, projectId: string): Promise<RemainingPhase[]> {
  const { rows } = await db.execute<{
    id: string;
    workflow_type: string;
    agent: string | null;
    done: string[] | null;
  }>(sql`
    select t.id, coalesce(r.workflow_type, t.workflow_type) as workflow_type, t.agent,
      (select array_agg(distinct p.phase) from ${phases} p where p.adw_id = r.adw_id and p.state in ('passed', 'skipped')) as done
    from ${tasks} t left join lateral (
      select n.adw_id, n.workflow_type from ${runs} n
      where n.task_id = t.id and n.status in ('queued', 'running') order by n.created_at desc limit 1
    ) r on true
    where t.project_id = ${projectId} and t.status in ('blocked', 'pending', 'queued', 'running')`);
  return rows.flatMap((row) => {
    const wanted = phasesOf[row.workflow_type as WorkflowType] ?? phaseNames;
    const left = wanted.filter((phase) => !(row.done ?? []).includes(phase));
    return left.map((phase) => ({ taskId: row.id, workflowType: row.workflow_type, agent: row.agent, phase }));
  });
}
