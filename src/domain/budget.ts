/**
 * How much may be spent, and what that means for work: a phase starts only where everything that limits it has something left
 * beside what others at work are expected to take. Pure; `store/budgets.ts` reads the facts. Days and months are those of UTC.
 */
import { z } from 'zod';
import { formatMicros, toMicros, toUsd } from '#src/domain/money.ts';
import type { Reason } from '#src/domain/reason.ts';

export const budgetPeriods = ['session', 'task', 'day', 'month'] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

const usd = z.number().positive().max(1_000_000_000);

/** Limits in US dollars. */
export const BudgetLimits = z.strictObject({ sessionUsd: usd, taskUsd: usd, dayUsd: usd, monthUsd: usd }).partial();
export type BudgetLimits = z.infer<typeof BudgetLimits>;

export type BudgetScope = 'server' | 'project' | 'task';
export type BudgetOrigin = 'sentra.json' | 'settings';

/** One limit that holds, and whom it holds for. */
export type Limit = {
  scope: BudgetScope;
  scopeId: string;
  period: BudgetPeriod;
  limitMicros: number;
  from: BudgetOrigin;
};

/** A limit, what was spent of it, and what others at work are expected to take yet. */
export type Meter = Limit & {
  spentMicros: number;
  reservedMicros: number;
  /** Sessions without a price, which no budget can see. */
  unknownSessions: number;
  /** When the period turns, ISO 8601; null where it does not. */
  until: string | null;
};

export const BudgetMeter = z
  .object({
    scope: z.enum(['server', 'project', 'task']),
    /** 'server', or the id of the project or task. */
    scopeId: z.string(),
    period: z.enum(budgetPeriods),
    limitUsd: z.number(),
    /** Where the limit was set. */
    from: z.enum(['sentra.json', 'settings']),
    spentUsd: z.number(),
    reservedUsd: z.number(),
    unknownSessions: z.number().int(),
    percent: z.number().int(),
    until: z.string().nullable(),
  })
  .meta({ id: 'BudgetMeter' });
export type BudgetMeter = z.infer<typeof BudgetMeter>;

export const toBudgetMeter = (meter: Meter): BudgetMeter => ({
  scope: meter.scope,
  scopeId: meter.scopeId,
  period: meter.period,
  limitUsd: toUsd(meter.limitMicros),
  from: meter.from,
  spentUsd: toUsd(meter.spentMicros),
  reservedUsd: toUsd(meter.reservedMicros),
  unknownSessions: meter.unknownSessions,
  percent: percentOf(meter),
  until: meter.until,
});

export type LimitSources = {
  projectId: string;
  taskId?: string;
  server: BudgetLimits;
  project: BudgetLimits;
  task: BudgetLimits;
  /** What sentra.json says. */
  file: BudgetLimits;
};

/** The limits that hold: what is set nearest wins; a day and a month of the server count besides those of the project. */
export function resolveLimits({ projectId, taskId, server, project, task, file }: LimitSources): Limit[] {
  const limits: Limit[] = [];
  const add = (scope: BudgetScope, scopeId: string, period: BudgetPeriod, from: BudgetLimits[], inFile?: number) => {
    const set = from.map((source) => source[`${period}Usd`]);
    const [nearest, ...others] = set;
    const value = nearest ?? inFile ?? others.find((other) => other !== undefined);
    if (value === undefined) return;
    const origin = nearest === undefined && inFile !== undefined ? 'sentra.json' : 'settings';
    limits.push({ scope, scopeId, period, limitMicros: toMicros(value), from: origin });
  };
  const forTask = { ...project, ...task };
  add('task', taskId ?? projectId, 'session', [forTask, server], file.sessionUsd);
  add('task', taskId ?? projectId, 'task', [forTask, server], file.taskUsd);
  for (const period of ['day', 'month'] as const) {
    add('project', projectId, period, [project], file[`${period}Usd`]);
    add('server', 'server', period, [server]);
  }
  return limits;
}

export type BudgetHold = { meter: Meter; because: 'used_up' | 'reserved' };

/** What holds a phase back that is expected to cost so much; undefined lets it start. */
export function holdBack(meters: readonly Meter[], expectedMicros: number): BudgetHold | undefined {
  const empty = findUsedUp(meters);
  if (empty) return { meter: empty, because: 'used_up' };
  // Where nobody else is at work the rest may be spent, however little it is.
  const crowded = meters.find(
    (meter) => meter.reservedMicros > 0 && leftOf(meter) - meter.reservedMicros < expectedMicros,
  );
  return crowded && { meter: crowded, because: 'reserved' };
}

/** The first limit of which nothing is left. */
export const findUsedUp = (meters: readonly Meter[]): Meter | undefined => meters.find((meter) => leftOf(meter) <= 0);

export const leftOf = ({ limitMicros, spentMicros }: Pick<Meter, 'limitMicros' | 'spentMicros'>): number =>
  limitMicros - spentMicros;

/** The least that any of them leaves; undefined without any. */
export const leastLeft = (meters: readonly Meter[]): Meter | undefined =>
  [...meters].sort((a, b) => leftOf(a) - leftOf(b))[0];

export const percentOf = ({ limitMicros, spentMicros }: Pick<Meter, 'limitMicros' | 'spentMicros'>): number =>
  Math.floor((spentMicros * 100) / limitMicros);

export const warningPercents = [50, 80, 100] as const;

/** The marks that were passed, to be told once each. */
export const passedMarks = (meter: Meter): number[] =>
  warningPercents.filter((mark) => meter.spentMicros * 100 >= meter.limitMicros * mark);

const names: Record<BudgetScope, string> = { server: 'of this server', project: 'of the project', task: 'of the task' };

/** As in `the month's budget of the project`. */
export const nameOf = ({ scope, period }: Pick<Meter, 'scope' | 'period'>): string => {
  if (period === 'session') return 'the budget of a session';
  return period === 'task' ? "the task's budget" : `the ${period}'s budget ${names[scope]}`;
};

/** For people: what is used up, and the way out. */
export function explainHold({ meter, because }: BudgetHold): Reason {
  const spent = `${formatMicros(meter.spentMicros)} of ${formatMicros(meter.limitMicros)}`;
  const until = meter.until ? { until: meter.until } : {};
  if (because === 'reserved')
    return {
      code: 'budget',
      message: `what is left of ${nameOf(meter)} (${spent} spent) is reserved by runs at work, ${formatMicros(meter.reservedMicros)}: it goes on when they need less, or when somebody raises it (${raise(meter)})`,
    };
  const turn = meter.period === 'day' || meter.period === 'month' ? `, or the new ${meter.period} begins` : '';
  return {
    code: 'budget',
    message: `${nameOf(meter)} is used up, ${spent}: it goes on when somebody raises it (${raise(meter)})${turn}`,
    ...until,
  };
}

/** The way to more, as a command and a place. */
export function raise({ scope, scopeId, period, from }: Pick<Meter, 'scope' | 'scopeId' | 'period' | 'from'>): string {
  const whose = { server: '--server', project: `--project ${scopeId}`, task: `--task ${scopeId}` }[scope];
  const flag = period === 'task' ? '--task-total' : `--${period}`; // `--task` names a task
  const command = `\`npx sentra budget set ${flag} USD ${whose}\``;
  return from === 'sentra.json' ? `${command}, or budget.${period}Usd in sentra.json` : command;
}
