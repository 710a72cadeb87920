/**
 * What may be spent and what has been: limits that somebody set, how much of each is used, and what runs at work have reserved.
 * The database's clock says when a day and a month begin, in UTC.
 */

import type { BudgetLimits, BudgetPeriod, Limit, Meter } from '#src/domain/budget.ts';
import { toMicros, toUsd } from '#src/domain/money.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { runs } from '#src/store/schema.ts';
import { budgets, budgetWarnings, costs, reservations } from '#src/store/schema-costs.ts';
import { toIso } from '#src/store/time.ts';

/** The limits of several scopes ('server', ids of projects and tasks); an empty object where nothing is set. */
export async function readLimits(db: Queryable, scopes: readonly string[]): Promise<Map<string, BudgetLimits>> {
  const rows = await db.select().from(budgets).where(isOneOf(budgets.scope, scopes));
  const limits = new Map<string, BudgetLimits>(scopes.map((scope) => [scope, {}]));
  for (const row of rows)
    limits.set(row.scope, {
      ...limits.get(row.scope),
      [`${row.period as BudgetPeriod}Usd`]: toUsd(row.limitMicros),
    });
  return limits;
}

/** Null takes a limit away. */
export async function setLimit(
  tx: Queryable,
  { scope, period, usd }: { scope: string; period: BudgetPeriod; usd: number | null },
): Promise<void> {
  if (usd === null) {
    await tx.delete(budgets).where(and(eq(budgets.scope, scope), eq(budgets.period, period)));
    return;
  }
  const limitMicros = toMicros(usd);
  await tx
    .insert(budgets)
    .values({ scope, period, limitMicros })
    .onConflictDoUpdate({ target: [budgets.scope, budgets.period], set: { limitMicros, setAt: sql`now()` } });
}

/** The transactions that look at what is left and reserve of it do so one after the other. */
export const lockBudgets = (tx: Queryable) => tx.execute(sql`select pg_advisory_xact_lock(7007, 0)`);

export type MeterScope = {
  projectId: string;
  taskId?: string;
  /** The run that asks: what it has reserved itself does not stand in its way. */
  adwId?: string;
  /** Its session, for the limit of a session. */
  sessionId?: string;
};

/** How much of each limit is used. */
export async function readMeters(db: Queryable, limits: readonly Limit[], scope: MeterScope): Promise<Meter[]> {
  const meters: Meter[] = [];
  for (const limit of limits) {
    const { scope: whose, period } = limit;
    const isOfTask = period === 'session' || period === 'task';
    const spent = await sumSpent(db, limit, scope);
    const reservedMicros = isOfTask
      ? 0
      : await sumReserved(db, whose === 'project' ? scope.projectId : null, scope.adwId);
    meters.push({ ...limit, ...spent, reservedMicros });
  }
  return meters;
}

const periodStart = (period: BudgetPeriod) => sql`date_trunc(${sql.raw(`'${period}'`)}, now() at time zone 'UTC')`;

async function sumSpent(db: Queryable, { scope: whose, period }: Limit, scope: MeterScope) {
  const where = {
    session: sql`c.session_id = ${scope.sessionId ?? ''}`,
    task: sql`c.task_id = ${scope.taskId ?? ''}`,
    day: sql`c.spent_at >= ${periodStart('day')} at time zone 'UTC'`,
    month: sql`c.spent_at >= ${periodStart('month')} at time zone 'UTC'`,
  }[period];
  const turn = period === 'day' || period === 'month';
  const until = turn
    ? sql`((${periodStart(period)} + interval '1 ${sql.raw(period)}') at time zone 'UTC')::text`
    : sql`null::text`;
  const { rows } = await db.execute<{ spent: string; unknown: number; until: string | null }>(sql`
    select coalesce(sum(c.cost_micros), 0)::text as spent, ${until} as until,
      count(distinct c.session_id) filter (where c.cost_micros is null)::int as unknown
    from ${costs} c where ${where} ${whose === 'project' ? sql`and c.project_id = ${scope.projectId}` : sql``}`);
  const [row] = rows;
  return {
    spentMicros: Number(row?.spent),
    unknownSessions: row?.unknown ?? 0,
    until: row?.until ? toIso(row.until) : null,
  };
}

/** What runs at work are expected to take yet: of what they have reserved, what they have not spent. */
async function sumReserved(db: Queryable, projectId: string | null, exceptAdwId: string | undefined): Promise<number> {
  const { rows } = await db.execute<{ reserved: string }>(sql`
    select coalesce(sum(greatest(0, r.micros - coalesce(spent.micros, 0))), 0)::text as reserved
    from ${reservations} r join ${runs} u on u.adw_id = r.adw_id and u.status = 'running'
    left join lateral (
      select sum(c.cost_micros) as micros from ${costs} c
      where c.task_id = u.task_id and c.adw_id = r.adw_id and c.phase = r.phase and c.attempt = r.attempt
    ) spent on true
    where r.adw_id <> ${exceptAdwId ?? ''} ${projectId === null ? sql`` : sql`and r.project_id = ${projectId}`}`);
  return Number(rows[0]?.reserved);
}

export type Reservation = typeof reservations.$inferInsert;

/** One for each run: a run does one phase at a time. */
export async function reserve(tx: Queryable, reservation: Reservation): Promise<void> {
  await tx
    .insert(reservations)
    .values(reservation)
    .onConflictDoUpdate({ target: reservations.adwId, set: reservation });
}

/** Its session has ended: what it spent is known. */
export async function release(tx: Queryable, adwId: string): Promise<void> {
  await tx.delete(reservations).where(eq(reservations.adwId, adwId));
}

/** What the newest attempts of a phase with an agent in a project came to, each with all its sessions; without those that have no price. */
export async function listAttemptCosts(
  db: Queryable,
  { projectId, agent, phase }: { projectId: string; agent: string; phase: string },
): Promise<number[]> {
  const { rows } = await db.execute<{ micros: string }>(sql`
    select sum(c.cost_micros)::text as micros from ${costs} c
    where c.project_id = ${projectId} and c.agent = ${agent} and c.phase = ${phase}
    group by c.adw_id, c.attempt having bool_and(c.cost_micros is not null)
    order by max(c.spent_at) desc limit 20`);
  return rows.map(({ micros }) => Number(micros));
}

/** True for the first that passes this mark in this period. */
export async function noteWarning(tx: Queryable, meter: Meter, percent: number): Promise<boolean> {
  const { scopeId, period: kind, until, limitMicros } = meter;
  const period = until === null ? kind : `${kind} until ${until}`;
  const rows = await tx
    .insert(budgetWarnings)
    .values({ scope: scopeId, period, limitMicros, percent })
    .onConflictDoNothing()
    .returning({ percent: budgetWarnings.percent });
  return rows.length === 1;
}

export type ParkedForBudget = { adwId: string; taskId: string; projectId: string; phase: string; agent: string | null };

/** Runs that wait for a budget, the oldest first. */
export async function listParkedForBudget(db: Queryable): Promise<ParkedForBudget[]> {
  const { rows } = await db.execute<Record<'adw_id' | 'task_id' | 'project_id', string> & { details: unknown }>(sql`
    select r.adw_id, r.task_id, t.project_id, r.parked_for -> 'details' as details
    from ${runs} r join sentra.tasks t on t.id = r.task_id
    where r.status = 'queued' and r.parked_until > now() and r.parked_for ->> 'code' = 'budget'
    order by r.created_at`);
  return rows.map((row) => {
    const { phase = '', agent = null } = (row.details ?? {}) as { phase?: string; agent?: string | null };
    return { adwId: row.adw_id, taskId: row.task_id, projectId: row.project_id, phase, agent };
  });
}
