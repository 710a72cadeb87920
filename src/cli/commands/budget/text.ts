/** Budgets in words, for people. */
import { pairs } from '#src/cli/output.ts';
import type { Io } from '#src/cli/verb.ts';
import { type BudgetMeter, nameOf } from '#src/domain/budget.ts';
import type { Budget } from '#src/domain/cost.ts';
import { formatMicros, toMicros } from '#src/domain/money.ts';

type Line = readonly [string, string];

/** One pair for each, as `the month's budget of the project` and `$4.20 of $5.00, 84 %`. */
export const budgetLines = (meters: readonly BudgetMeter[]): Line[] =>
  meters.map((meter) => [nameOf(meter), meterText(meter)] as const);

/** `nothing`: what is said where nothing holds. */
export function budgetText(io: Io, { meters, limits, file }: Budget, nothing: string): string {
  const each = (['session', 'task'] as const).flatMap((period): Line[] => {
    const set = limits[`${period}Usd`];
    const value = set ?? file[`${period}Usd`];
    if (value === undefined || meters.some((meter) => meter.period === period)) return [];
    return [[`each ${period}`, `at most ${usd(value)} (${set === undefined ? 'sentra.json' : 'settings'})`]];
  });
  const lines = [...each, ...budgetLines(meters)];
  return lines.length > 0 ? pairs(io, lines) : nothing;
}

const usd = (value: number): string => formatMicros(toMicros(value));

function meterText({ period, spentUsd, limitUsd, percent, reservedUsd, unknownSessions, from }: BudgetMeter): string {
  if (period === 'session') return `at most ${usd(limitUsd)} (${from})`;
  const reserved = reservedUsd > 0 ? `, ${usd(reservedUsd)} reserved by runs at work` : '';
  const blind = unknownSessions > 0 ? `; ${unknownSessions} sessions have no price and are not seen` : '';
  return `${usd(spentUsd)} of ${usd(limitUsd)}, ${percent} %${reserved} (${from})${blind}`;
}
