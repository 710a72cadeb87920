/** Looks for rows that contradict each other. Reads only, each question one statement, so that what it sees is of one moment. */

import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';
import { phases, pullRequests, runs } from '#src/store/schema.ts';
import { logHeads, logs } from '#src/store/schema-logs.ts';

/** Attempts that are still open though their run has ended, as `adw-… CODE 1`. */
export async function findOpenAttempts(db: Queryable): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(sql`
    select ${phases.adwId} || ' ' || ${phases.phase} || ' ' || ${phases.attempt} as name
    from ${phases} join ${runs} on ${runs.adwId} = ${phases.adwId}
    where ${phases.state} = 'running' and ${runs.status} not in ('queued', 'running')
    order by 1`);
  return rows.map((row) => row.name);
}

/** Branches with more than one open pull request. */
export async function findDoublePullRequests(db: Queryable): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(sql`
    select ${pullRequests.headBranch} as name from ${pullRequests} where ${pullRequests.state} = 'open'
    group by ${pullRequests.projectId}, ${pullRequests.headBranch} having count(*) > 1`);
  return rows.map((row) => row.name);
}

/** Tasks whose lines are not numbered one by one, behind what retention took away, up to the last number given. */
export async function findLogGaps(db: Queryable): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(sql`
    select ${logHeads.taskId} as name
    from ${logHeads} left join lateral (
      select count(*) as lines, coalesce(max(${logs.seq}), 0) as last from ${logs} where ${logs.taskId} = ${logHeads.taskId}
    ) as found on true
    where found.lines <> ${logHeads.lastSeq} - ${logHeads.removedLines}
      or greatest(found.last, ${logHeads.removedLines}) <> ${logHeads.lastSeq}
    order by 1`);
  return rows.map((row) => row.name);
}

export const countLoggedTasks = (db: Queryable): Promise<number> => db.$count(logHeads);
export const countAttempts = (db: Queryable): Promise<number> => db.$count(phases);
export const countPullRequests = (db: Queryable): Promise<number> => db.$count(pullRequests);

/** Runs that have a slot, or wait for one in the middle of their work: the workers know a job of each. */
export async function listActiveRunIds(db: Queryable): Promise<string[]> {
  const rows = await db
    .select({ adwId: runs.adwId })
    .from(runs)
    .where(
      sql`${runs.status} = 'running'
        or (${runs.status} = 'queued' and (${runs.dispatchedAt} is not null or ${runs.parkedUntil} is not null))`,
    );
  return rows.map((row) => row.adwId);
}

export type MergeFact = {
  taskId: string;
  number: number;
  baseBranch: string;
  mergeCommit: string | null;
  forge: string;
};

/** Pull requests of a project that were merged. */
export const listMerges = (db: Queryable, projectId: string): Promise<MergeFact[]> =>
  db
    .select({
      taskId: pullRequests.taskId,
      number: pullRequests.number,
      baseBranch: pullRequests.baseBranch,
      mergeCommit: pullRequests.mergeCommit,
      forge: pullRequests.forge,
    })
    .from(pullRequests)
    .where(sql`${pullRequests.projectId} = ${projectId} and ${pullRequests.state} = 'merged'`)
    .orderBy(pullRequests.number);
