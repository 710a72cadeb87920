/** Budgets in words, for people. */
import { type BudgetMeter, nameOf } from '#src/domain/budget.ts';
import { formatMicros, toMicros } from '#src/domain/money.ts';

/** One pair for each, as `the month's budget of the project` and `$4.20 of $5.00, 84 %`. */
export const budgetLines = (meters: readonly BudgetMeter[]): (readonly [string, string])[] =>
  meters.map((meter) => [nameOf(meter), meterText(meter)] as const);

function meterText({ period, spentUsd, limitUsd, percent, reservedUsd, unknownSessions, from }: BudgetMeter): string {
  const usd = (value: number) => formatMicros(toMicros(value));
  if (period === 'session') return `at most ${usd(limitUsd)} (${from})`;
  const reserved = reservedUsd > 0 ? `, ${usd(reservedUsd)} reserved by runs at work` : '';
  const blind = unknownSessions > 0 ? `; ${unknownSessions} sessions have no price and are not seen` : '';
  return `${usd(spentUsd)} of ${usd(limitUsd)}, ${percent} %${reserved} (${from})${blind}`;
}
