/**
 * What a conversation with a model came to. The one idea: every report is the total of the whole conversation so far, of which a
 * resumed session is a later part; a report that comes twice, late or after a crash therefore changes nothing.
 */
import type { Price, Tokens } from '#src/domain/price.ts';
import { costOf, findPrice } from '#src/domain/price.ts';

/** Whose word the money is: the agent's own, or tokens times the price table. */
export type CostSource = 'agent' | 'prices';

/** Of one model. `costMicros` is what the agent itself says; null where it says nothing. */
export type ModelTotal = Tokens & { model: string | null; costMicros: number | null };

/** What is kept of it: the money with its source, both null where no price is known. */
export type Booked = Tokens & { model: string | null; costMicros: number | null; source: CostSource | null };

export function priceTotal(total: ModelTotal, prices: readonly Price[]): Booked {
  if (total.costMicros !== null) return { ...total, source: 'agent' };
  const price = findPrice(prices, total.model);
  return price ? { ...total, costMicros: costOf(total, price), source: 'prices' } : { ...total, source: null };
}

const counts = ['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const;

export const noTokens: Tokens = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };

/** Of all models together. */
export function sumTokens(totals: readonly Tokens[]): Tokens {
  const sum = { ...noTokens };
  for (const name of counts) for (const total of totals) sum[name] += total[name];
  return sum;
}

/** What of the conversation's total is this session's: less what earlier sessions of it have booked, and never less than before. */
export function shareOf(total: Booked, earlier: readonly Booked[], before: Booked | undefined): Booked {
  const tokens = { ...noTokens };
  for (const name of counts) {
    const others = earlier.reduce((sum, booked) => sum + booked[name], 0);
    tokens[name] = Math.max(before?.[name] ?? 0, total[name] - others);
  }
  return { model: total.model, ...tokens, ...moneyOf(total, earlier, before) };
}

/** The agent's own word replaces what was reckoned meanwhile, also where it is less. */
function moneyOf(total: Booked, earlier: readonly Booked[], before: Booked | undefined) {
  const kept = { costMicros: before?.costMicros ?? null, source: before?.source ?? null };
  if (total.costMicros === null || earlier.some(({ costMicros }) => costMicros === null)) return kept;
  const own = Math.max(0, total.costMicros - earlier.reduce((sum, { costMicros }) => sum + (costMicros ?? 0), 0));
  if (kept.source === 'agent' && total.source === 'prices') return kept;
  const isSameKind = kept.source === total.source && kept.costMicros !== null;
  return { costMicros: isSameKind ? Math.max(kept.costMicros ?? 0, own) : own, source: total.source };
}
