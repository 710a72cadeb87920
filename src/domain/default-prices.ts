/** The prices that Sentra comes with: data, each with where and when it was read. What is tiered by the length of a prompt is left out. */
import type { Price } from '#src/domain/price.ts';

const anthropic = 'platform.claude.com/docs/en/about-claude/pricing (cache writes for five minutes)';
const asOf = '2026-11-21';

type Row = readonly [model: string, input: number, output: number, cacheRead: number, cacheWrite: number];

/** US dollars for a million tokens. */
const rows: readonly Row[] = [
  ['*claude-fable-5-1*', 10, 50, 0.25, 12.5],
  ['*claude-fable-5*', 10, 50, 1, 12.5],
  ['*claude-opus-5-5*', 4, 20, 0.2, 5],
  ['*claude-opus-5*', 5, 25, 0.5, 6.25],
  ['*claude-opus-4-8*', 5, 25, 0.5, 6.25],
  ['*claude-opus-4-7*', 5, 25, 0.5, 6.25],
  ['*claude-opus-4-6*', 5, 25, 0.5, 6.25],
  ['*claude-opus-4-5*', 5, 25, 0.5, 6.25],
  ['*claude-opus-4-1*', 15, 75, 1.5, 18.75],
  ['*claude-opus-4-20*', 15, 75, 1.5, 18.75],
  ['*claude-sonnet-5-5*', 2, 10, 0.1, 2.5],
  ['*claude-sonnet-5*', 2, 10, 0.2, 2.5],
  ['*claude-sonnet-4*', 3, 15, 0.3, 3.75],
  ['*claude-haiku-4-5*', 1, 5, 0.1, 1.25],
];

export const defaultPrices: readonly Price[] = rows.map(
  ([model, inputUsd, outputUsd, cacheReadUsd, cacheWriteUsd]): Price => ({
    model,
    inputUsd,
    outputUsd,
    cacheReadUsd,
    cacheWriteUsd,
    scope: 'default',
    source: anthropic,
    asOf,
  }),
);
