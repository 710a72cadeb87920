/** What a model costs, and what some tokens of it come to. A model without a price has an unknown one, never zero. */
import { z } from 'zod';
import { toMicros } from '#src/domain/money.ts';

export type Tokens = {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
};

const usd = z.number().nonnegative().max(1_000_000);

/** US dollars for a million tokens of each kind. */
export const Rates = z.strictObject({ inputUsd: usd, outputUsd: usd, cacheReadUsd: usd, cacheWriteUsd: usd });
export type Rates = z.infer<typeof Rates>;

/** A model's id as the agent tells it; `*` stands for any characters. */
export const ModelPattern = z
  .string()
  .trim()
  .min(1, 'the id of a model is needed')
  .max(200)
  .regex(/^[\w.:/@*[\]-]+$/, 'the id of a model, in which * may stand for any characters');

export const Price = Rates.extend({
  model: ModelPattern,
  /** Who says so: shipped with Sentra, set for all projects, or set for one. */
  scope: z.enum(['default', 'server', 'project']),
  /** Where it was read. */
  source: z.string(),
  /** When it held, as a date or a moment. */
  asOf: z.string(),
}).meta({ id: 'Price' });
export type Price = z.infer<typeof Price>;

const ranks = { project: 0, server: 1, default: 2 } as const;

/** The price that holds: a project's before the server's before the default; of several the one with the most letters. */
export function findPrice(prices: readonly Price[], model: string | null): Price | undefined {
  if (!model) return undefined;
  const fitting = prices.filter((price) => fits(price.model, model));
  return fitting.sort(
    (a, b) =>
      ranks[a.scope] - ranks[b.scope] ||
      Number(b.model === model) - Number(a.model === model) ||
      letters(b.model) - letters(a.model),
  )[0];
}

const letters = (pattern: string) => pattern.replaceAll('*', '').length;

/** Linear in the length of both: a pattern is tried on names that an agent tells. */
function fits(pattern: string, model: string): boolean {
  const [first = '', ...others] = pattern.toLowerCase().split('*');
  const text = model.toLowerCase();
  if (others.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  const last = others.pop() ?? '';
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** In micro-dollars, rounded once. */
export function costOf(tokens: Tokens, rates: Rates): number {
  // Dollars for a million tokens are micro-dollars for one; in millionths of those everything is whole.
  const parts = [
    [tokens.inputTokens, rates.inputUsd],
    [tokens.outputTokens, rates.outputUsd],
    [tokens.cacheReadTokens, rates.cacheReadUsd],
    [tokens.cacheWriteTokens, rates.cacheWriteUsd],
  ] as const;
  const millionths = parts.reduce((sum, [count, rate]) => sum + BigInt(count) * BigInt(toMicros(rate)), 0n);
  return Number((millionths + 500_000n) / 1_000_000n);
}
