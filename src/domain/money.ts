/**
 * Money is counted in whole micro-dollars: sums are exact, in any order. Dollars with a fraction are for people and for the API.
 * A sum of which a part has no price is told as "at least".
 */

const microsInUsd = 1_000_000;

/** Rounded to the nearest micro-dollar. */
export const toMicros = (usd: number): number => Math.round(usd * microsInUsd);
export const toUsd = (micros: number): number => micros / microsInUsd;

/** As people read it: cents from a dollar on, more places below it. */
export function formatMicros(micros: number): string {
  const usd = toUsd(micros);
  return `$${usd.toFixed(usd === 0 || usd >= 1 ? 2 : 4)}`;
}

/** A sum in words: what is known, `at least` that, or `unknown`. */
export function formatCost({ costUsd, knownUsd }: { costUsd: number | null; knownUsd: number }): string {
  if (costUsd !== null) return formatMicros(toMicros(costUsd));
  return knownUsd > 0 ? `at least ${formatMicros(toMicros(knownUsd))}` : 'unknown';
}
