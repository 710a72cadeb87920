/** What budgets mean for the scheduler: nothing of a project starts that has none left, and what waited goes on when there is some. */
import { explainHold, findUsedUp, holdBack, type Limit, type Meter, resolveLimits } from '#src/domain/budget.ts';
import type { Gate } from '#src/domain/scheduler.ts';
import { listParkedForBudget, readLimits, readMeters } from '#src/store/budgets.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { serverScope } from '#src/store/prices.ts';
import { listProjectRows, type ProjectRow } from '#src/store/projects.ts';
import { wakeRun } from '#src/store/runs.ts';
import { expectCost, fileLimits, findLimits } from '#src/workflows/budget.ts';

/** Of days and months: what a task or a session may spend is looked at when a phase begins. */
export async function budgetGates(
  db: Queryable,
  projects: readonly Pick<ProjectRow, 'id' | 'path' | 'gitDir'>[],
): Promise<Gate[]> {
  const set = await readLimits(db, [serverScope, ...projects.map(({ id }) => id)]);
  const gates: Gate[] = [];
  for (const project of projects) {
    const limits = projectLimits(project, set);
    if (!limits.length) continue;
    const empty = findUsedUp(await readMeters(db, limits, { projectId: project.id }));
    if (empty) gates.push({ ...explainHold({ meter: empty, because: 'used_up' }), projectId: project.id });
  }
  return gates;
}

const projectLimits = (
  project: Pick<ProjectRow, 'id' | 'path' | 'gitDir'>,
  set: Awaited<ReturnType<typeof readLimits>>,
): Limit[] =>
  resolveLimits({
    projectId: project.id,
    server: set.get(serverScope) ?? {},
    project: set.get(project.id) ?? {},
    task: {},
    file: fileLimits(project),
  }).filter(({ period }) => period === 'day' || period === 'month');

/**
 * Lets runs go on that wait for a budget, as far as there is one again: it was raised, by whatever door, others need less than they had
 * reserved, or the month has turned. Answers how many.
 */
export async function wakeBudgetWaits({
  database,
  changes,
}: {
  database: Database;
  changes: Changes;
}): Promise<number> {
  const { db } = database;
  const parked = await listParkedForBudget(db);
  if (!parked.length) return 0;
  const projects = new Map((await listProjectRows(db)).map((row) => [row.id, row]));
  /** What those take that were woken in this look. */
  const promised = new Map<string, number>();
  let woken = 0;
  for (const { adwId, taskId, projectId, phase, agent } of parked) {
    const project = projects.get(projectId);
    if (!project) continue;
    const limits = await findLimits(db, { project, taskId });
    const expected = agent === null ? 0 : await expectCost(db, { project, agent, phase }, limits);
    const meters = await readMeters(db, limits, { projectId, taskId, adwId });
    if (
      holdBack(
        meters.map((meter) => withPromised(meter, promised)),
        expected,
      )
    )
      continue;
    woken += await changes.change(async ({ tx, touch, record }) => {
      if (!(await wakeRun(tx, adwId))) return 0;
      touch(taskId);
      record({ type: 'run.changed', taskId, data: { adwId, status: 'queued' } });
      return 1;
    });
    for (const { scopeId } of meters) promised.set(scopeId, (promised.get(scopeId) ?? 0) + expected);
  }
  return woken;
}

const withPromised = (meter: Meter, promised: ReadonlyMap<string, number>): Meter =>
  meter.scope === 'task'
    ? meter
    : { ...meter, reservedMicros: meter.reservedMicros + (promised.get(meter.scopeId) ?? 0) };
