/** What runs cost this host: kept with the newest run of a task, because processes are known by their task. */

import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { runs } from '#src/store/schema.ts';

export type RunUsage = { taskId: string; cpuSeconds: number; peakMemory: number };

/** One statement for all of them. */
export async function addRunUsage(db: Queryable, spent: readonly RunUsage[]): Promise<void> {
  if (!spent.length) return;
  const rows = spent.map(
    (one) => sql`(${one.taskId}, ${one.cpuSeconds}::double precision, ${Math.round(one.peakMemory)}::bigint)`,
  );
  await db.execute(sql`
    update sentra.runs r set cpu_seconds = r.cpu_seconds + v.cpu, peak_memory = greatest(r.peak_memory, v.peak)
    from (values ${sql.join(rows, sql`, `)}) v (task_id, cpu, peak)
    where r.adw_id = (select n.adw_id from sentra.runs n where n.task_id = v.task_id order by n.created_at desc limit 1)`);
}

/** Of all runs of each task together. */
export async function sumRunUsage(db: Queryable, taskIds: readonly string[]): Promise<Map<string, RunUsage>> {
  const rows = await db
    .select({
      taskId: runs.taskId,
      cpuSeconds: sql<number>`sum(${runs.cpuSeconds})`.mapWith(Number),
      peakMemory: sql<number>`max(${runs.peakMemory})`.mapWith(Number),
    })
    .from(runs)
    .where(isOneOf(runs.taskId, taskIds))
    .groupBy(runs.taskId);
  return new Map(rows.map((row) => [row.taskId, row]));
}
