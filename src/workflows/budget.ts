/**
 * Budgets of a run: before an attempt begins what it is expected to cost is reserved, or the run waits; while a session spends, what
 * it has come to is kept and the session ended when nothing is left. sentra.json is read anew each time: whoever raises a budget
 * need not start anything again.
 */
import {
  type BudgetLimits,
  explainHold,
  holdBack,
  type Limit,
  leastLeft,
  leftOf,
  type Meter,
  resolveLimits,
} from '#src/domain/budget.ts';
import { quantile } from '#src/domain/forecast.ts';
import { toMicros, toUsd } from '#src/domain/money.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { listAttemptCosts, lockBudgets, readLimits, readMeters, reserve } from '#src/store/budgets.ts';
import type { Queryable } from '#src/store/database.ts';
import { serverScope } from '#src/store/prices.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

export type BudgetSubject = {
  project: { id: string; path: string; gitDir: string };
  taskId?: string;
};

/** Reserved for a phase of which too little is known. */
const guessMicros = toMicros(0.5);
const fewestExamples = 3;

/** The limits that hold at this moment. */
export async function findLimits(db: Queryable, { project, taskId }: BudgetSubject): Promise<Limit[]> {
  const set = await readLimits(db, [serverScope, project.id, ...(taskId === undefined ? [] : [taskId])]);
  return resolveLimits({
    projectId: project.id,
    ...(taskId === undefined ? {} : { taskId }),
    server: set.get(serverScope) ?? {},
    project: set.get(project.id) ?? {},
    task: (taskId !== undefined && set.get(taskId)) || {},
    file: fileLimits(project),
  });
}

/** What sentra.json says; nothing where it cannot be read, which is told elsewhere. */
export function fileLimits(project: BudgetSubject['project']): BudgetLimits {
  try {
    return readProjectConfig(project).budget;
  } catch (e) {
    if (e instanceof SentraError) return {};
    throw e;
  }
}

export type AttemptToPay = BudgetSubject & {
  taskId: string;
  adwId: string;
  phase: string;
  attempt: number;
  agent: string;
};

/**
 * Belongs in the transaction that begins an attempt: reserves what it is expected to cost, or answers why it must wait. What is left is
 * looked at by one after the other, so that no two take the same rest.
 */
export async function reserveAttempt(tx: Queryable, attempt: AttemptToPay): Promise<Failure | undefined> {
  const limits = await findLimits(tx, attempt);
  if (!limits.length) return undefined;
  await lockBudgets(tx);
  const meters = await readMeters(tx, limits, { ...idsOf(attempt), adwId: attempt.adwId });
  const micros = await expectCost(tx, attempt, limits);
  const hold = holdBack(meters, micros);
  if (hold) return toFailure(hold, attempt);
  const { adwId, phase, project } = attempt;
  await reserve(tx, { adwId, projectId: project.id, phase, attempt: attempt.attempt, micros });
  return undefined;
}

const idsOf = ({ project, taskId }: BudgetSubject & { taskId: string }) => ({ projectId: project.id, taskId });

/** The median of the newest such attempts, at most what a session may spend. */
export async function expectCost(
  db: Queryable,
  { project, agent, phase }: Pick<AttemptToPay, 'project' | 'agent' | 'phase'>,
  limits: readonly Limit[],
): Promise<number> {
  const examples = await listAttemptCosts(db, { projectId: project.id, agent, phase });
  const sorted = [...examples].sort((a, b) => a - b);
  const expected = sorted.length < fewestExamples ? guessMicros : Math.round(quantile(sorted, 0.5));
  const ofSession = limits.filter(({ period }) => period === 'session').map(({ limitMicros }) => limitMicros);
  return Math.min(expected, ...ofSession);
}

const toFailure = (hold: NonNullable<ReturnType<typeof holdBack>>, { phase, agent }: AttemptToPay): Failure => {
  const { code: _, message, until } = explainHold(hold);
  return { code: 'budget', message: asSentence(message), details: { phase, agent, ...(until ? { until } : {}) } };
};

const asSentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

/** What a session may spend at most, in US dollars; undefined where nothing limits it. */
export function allowanceOf(meters: readonly Meter[]): number | undefined {
  const least = leastLeft(meters);
  return least && toUsd(Math.max(1, leftOf(least)));
}
