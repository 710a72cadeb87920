/** What a session spends: kept as it is told, with a warning at each mark of a budget, and an end when one is used up. */
import type { AgentEvent } from '#src/agents/agent.ts';
import { findUsedUp, type Meter, nameOf, passedMarks, raise } from '#src/domain/budget.ts';
import { formatMicros } from '#src/domain/money.ts';
import { priceTotal } from '#src/domain/spending.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { endCutOff } from '#src/store/agent-sessions.ts';
import { noteWarning, readMeters } from '#src/store/budgets.ts';
import { bookTotals, bookUnknown, listCutOff, type SessionKey } from '#src/store/costs.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { listPrices } from '#src/store/prices.ts';
import { allowanceOf, findLimits } from '#src/workflows/budget.ts';
import type { Run } from '#src/workflows/run.ts';

type UsageEvent = Extract<AgentEvent, { kind: 'usage' }>;

export type Spending = {
  onUsage(event: UsageEvent): Promise<void>;
  /** Aborted when a budget is used up. */
  signal: AbortSignal;
  /** Why, for people; undefined while something is left. */
  usedUp(): string | undefined;
};

export function followSpending(run: Run, session: SessionKey, log: Logger): Spending {
  const { database } = run.parts;
  const ending = new AbortController();
  let usedUp: string | undefined;
  return {
    signal: ending.signal,
    usedUp: () => usedUp,
    async onUsage({ totals, isWhole }) {
      // Whoever executes the run by now: the money is spent.
      await whenAvailable(() =>
        database.transaction(async (tx) => {
          const prices = await listPrices(tx, session.projectId);
          await bookTotals(tx, session, { totals: totals.map((total) => priceTotal(total, prices)), isWhole });
        }),
      );
      const meters = await whenAvailable(() => metersOf(run, session.sessionId));
      for (const meter of meters) await warn(run, meter, log);
      const empty = findUsedUp(meters);
      if (!empty) return;
      usedUp ??= explainEnd(empty);
      ending.abort();
    },
  };
}

/** All that limits a session at this moment; one that has not begun has spent nothing. */
export async function metersOf(run: Run, sessionId: string): Promise<Meter[]> {
  const { facts, adwId, parts } = run;
  const limits = await findLimits(parts.database.db, facts);
  return readMeters(parts.database.db, limits, { projectId: facts.project.id, taskId: facts.taskId, adwId, sessionId });
}

export const readAllowance = async (run: Run, sessionId: string): Promise<number | undefined> =>
  allowanceOf(await whenAvailable(() => metersOf(run, sessionId)));

/** For the end of a session that a budget ended, with the way out. */
export const explainEnd = (meter: Meter): string =>
  `The session was ended: ${nameOf(meter)} is used up, ${formatMicros(meter.spentMicros)} of ${formatMicros(meter.limitMicros)}. Its work is kept in the worktree. Raise the budget (${raise(meter)}), then retry the task.`;

async function warn(run: Run, meter: Meter, log: Logger): Promise<void> {
  const mark = passedMarks(meter).at(-1);
  if (mark === undefined || meter.period === 'session') return;
  const { facts, parts } = run;
  const { scope, scopeId, period, limitMicros, spentMicros } = meter;
  const isFirst = await parts.changes.change(async ({ tx, record }) => {
    if (!(await noteWarning(tx, meter, mark))) return false;
    const data = { scope, scopeId, period, percent: mark, limitMicros, spentMicros };
    record({ type: 'budget.warning', projectId: facts.project.id, taskId: facts.taskId, data });
    return true;
  });
  if (!isFirst) return;
  const told = `${nameOf(meter)} is used by ${mark} %: ${formatMicros(spentMicros)} of ${formatMicros(limitMicros)}`;
  await log.warn(`${told.slice(0, 1).toUpperCase()}${told.slice(1)}.`, { kind: 'agent' });
}

/** A crash cut sessions of this run off: what they had told of their costs and nobody has kept yet is kept now. */
export async function bookLeftBehind(run: Run, homePath: string): Promise<void> {
  const { database, agents } = run.parts;
  for (const session of await whenAvailable(() => listCutOff(database.db, run.adwId))) {
    const { driver } = agents.driverFor(session.agent, run.facts.config, 'CODE');
    const totals = (await driver.leftBehind?.({ sessionId: session.sessionId, homePath })) ?? [];
    await whenAvailable(() =>
      database.transaction(async (tx) => {
        const prices = await listPrices(tx, session.projectId);
        const booked = totals.map((total) => priceTotal(total, prices));
        await bookTotals(tx, session, { totals: booked, isWhole: totals.length > 0 });
        if (driver.capabilities.cost !== 'counted') await bookUnknown(tx, session);
        await endCutOff(tx, session.sessionId);
      }),
    );
  }
}
