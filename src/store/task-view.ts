/** Puts a task together from its rows: the shape that the API answers. One query for each table, whatever the number of tasks. */

import { toMicros, toUsd } from '#src/domain/money.ts';
import { currentPhase, phaseProgress } from '#src/domain/phase-progress.ts';
import type { Task } from '#src/domain/task.ts';
import { listCollisions } from '#src/store/collisions.ts';
import { sumTaskCosts, type TaskCost } from '#src/store/cost-sums.ts';
import type { Queryable } from '#src/store/database.ts';
import { toDevServer } from '#src/store/dev-servers.ts';
import { sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { readAll } from '#src/store/read-all.ts';
import { listRunsOf, type RunWithPhases } from '#src/store/runs.ts';
import { pullRequests, taskDependencies, type tasks } from '#src/store/schema.ts';
import { devServers, portLeases, worktrees } from '#src/store/schema-host.ts';
import { toIso, toIsoOrForever, toIsoOrNull } from '#src/store/time.ts';

type Row = typeof tasks.$inferSelect;

export async function assembleTasks(db: Queryable, rows: readonly Row[]): Promise<Task[]> {
  if (!rows.length) return [];
  const ids = rows.map((row) => row.id);
  const [edges, runs, trees, leases, pulls, servers, costOf, collisions] = await readAll(db, [
    async () => db.select().from(taskDependencies).where(isOneOf(taskDependencies.taskId, ids)),
    () => listRunsOf(db, ids),
    async () => db.select().from(worktrees).where(isOneOf(worktrees.taskId, ids)),
    async () => db.select().from(portLeases).where(isOneOf(portLeases.taskId, ids)),
    async () =>
      db
        .selectDistinctOn([pullRequests.taskId])
        .from(pullRequests)
        .where(isOneOf(pullRequests.taskId, ids))
        .orderBy(pullRequests.taskId, sql`${pullRequests.number} desc`),
    async () => db.select().from(devServers).where(isOneOf(devServers.taskId, ids)).orderBy(devServers.ordinal),
    () => sumTaskCosts(db, ids),
    () => listCollisions(db, ids),
  ]);
  const collisionsOf = Map.groupBy(collisions, ({ taskId }) => taskId);
  const edgesOf = Map.groupBy(edges, (edge) => edge.taskId);
  const runsOf = Map.groupBy(runs, ({ run }) => run.taskId);
  const treeOf = new Map(trees.map((tree) => [tree.taskId, tree]));
  const leaseOf = new Map(leases.map((lease) => [lease.taskId, lease]));
  const pullOf = new Map(pulls.map((pull) => [pull.taskId, pull]));
  const serversOf = Map.groupBy(servers, (server) => server.taskId);
  return rows.map((row) =>
    toTask(row, {
      dependencies: (edgesOf.get(row.id) ?? []).map((edge) => edge.dependsOn),
      runs: runsOf.get(row.id) ?? [],
      worktree: treeOf.get(row.id),
      lease: leaseOf.get(row.id),
      servers: serversOf.get(row.id) ?? [],
      pullRequest: pullOf.get(row.id),
      cost: costOf.get(row.id),
      conflictsWith: (collisionsOf.get(row.id) ?? []).map(({ otherId }) => otherId),
    }),
  );
}

type Parts = {
  dependencies: string[];
  /** Newest first. */
  runs: RunWithPhases[];
  worktree: typeof worktrees.$inferSelect | undefined;
  lease: typeof portLeases.$inferSelect | undefined;
  servers: (typeof devServers.$inferSelect)[];
  pullRequest: typeof pullRequests.$inferSelect | undefined;
  cost: TaskCost | undefined;
  conflictsWith: string[];
};

function toTask(
  row: Row,
  { dependencies, runs, worktree, lease, servers, pullRequest, cost, conflictsWith }: Parts,
): Task {
  const newest = runs[0];
  const progress = phaseProgress(
    runs.map(({ run, phases }) => ({
      workflowType: run.workflowType as Task['workflowType'],
      fromPhase: run.fromPhase as Task['phase'],
      phases: phases as Task['phases'],
    })),
  );
  const error = row.status === 'failed' ? newest?.run.error : undefined;
  const waitsFor = newest ? toWaitsFor(newest) : null;
  const parkedIn = waitsFor ? newest?.phases.at(-1)?.phase : undefined;
  const present = worktree && !worktree.deletedAt;
  return {
    id: row.id,
    projectId: row.projectId,
    title: row.title,
    description: row.description,
    type: row.type as Task['type'],
    priority: row.priority as Task['priority'],
    status: row.status as Task['status'],
    phase: (parkedIn as Task['phase']) ?? currentPhase(progress),
    dependencies,
    assignedTo: row.assignedTo,
    workflowType: row.workflowType as Task['workflowType'],
    agent: row.agent,
    model: row.model,
    effort: row.effort,
    autoStart: row.autoStart,
    merge: row.merge as Task['merge'],
    noChangesExpected: row.noChangesExpected,
    reverts: row.reverts,
    needsDevServer: row.needsDevServer,
    labels: row.labels,
    branchName: worktree?.branchName ?? null,
    worktreePath: present ? worktree.path : null,
    ports: lease?.names ?? {},
    devServers: servers.map(toDevServer),
    isolation: (worktree?.isolation as Task['isolation']) ?? null,
    adwId: newest?.run.adwId ?? null,
    pullRequest: pullRequest
      ? {
          number: pullRequest.forgeNumber ?? pullRequest.number,
          url: pullRequest.forgeUrl ?? `/tasks/${row.id}?tab=branch`,
          state: pullRequest.state as 'open' | 'merged' | 'closed',
        }
      : null,
    conflictsWith,
    phases: progress,
    error: error ? { code: error.code, message: error.message } : null,
    notice: row.notice,
    waitsFor,
    ...totalCost(runs, cost),
    createdAt: toIso(row.createdAt),
    startedAt: toIsoOrNull(row.startedAt),
    completedAt: toIsoOrNull(row.completedAt),
  };
}

/** Kept until the run has a slot again, also when the time has come. */
function toWaitsFor({ run }: RunWithPhases): Task['waitsFor'] {
  if (run.status !== 'queued' || !run.parkedUntil || !run.parkedFor) return null;
  return { code: run.parkedFor.code, message: run.parkedFor.message, until: toIsoOrForever(run.parkedUntil) };
}

/** Unknown as soon as one session is: a sum without it would look like the price. What ran before there was a ledger is in its attempts. */
function totalCost(
  runs: readonly RunWithPhases[],
  cost: TaskCost | undefined,
): Pick<Task, 'costUsd' | 'knownCostUsd' | 'tokens'> {
  const attempts = runs.flatMap((r) => r.phases);
  const ended = attempts.filter((p) => p.endedAt !== null);
  const micros = cost?.knownMicros ?? ended.reduce((sum, p) => sum + toMicros(p.costUsd ?? 0), 0);
  const isWhole = cost ? cost.isWhole : ended.length > 0 && ended.every((p) => p.costUsd !== null);
  return {
    costUsd: isWhole ? toUsd(micros) : null,
    knownCostUsd: toUsd(micros),
    tokens: cost?.tokens ?? attempts.reduce((sum, p) => sum + p.tokens, 0),
  };
}
