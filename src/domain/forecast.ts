/**
 * What the remaining tasks of a project will come to: each phase that is left costs what finished phases of the same workflow and
 * agent did. Pure. What has too few examples is unknown and said to be; nothing is guessed.
 */
import { z } from 'zod';
import { toUsd } from '#src/domain/money.ts';

export const Forecast = z
  .object({
    /** Sums of medians, of quarter and of nine tenths marks, over the phases that can be told; null without any. */
    likelyUsd: z.number().nullable(),
    lowUsd: z.number().nullable(),
    highUsd: z.number().nullable(),
    /** Tasks and phases that are left, and the phases of them with too few examples. */
    tasks: z.number().int(),
    phases: z.number().int(),
    unknownPhases: z.number().int(),
    /** Finished phases that it rests on. */
    examples: z.number().int(),
  })
  .meta({ id: 'Forecast' });
export type Forecast = z.infer<typeof Forecast>;

/** A phase that passed, all its attempts together. */
export type Example = { workflowType: string; agent: string; phase: string; micros: number };
/** A phase that is left of a task. */
export type Remaining = { taskId: string; workflowType: string; agent: string; phase: string };

export const fewestExamples = 3;

export function forecast(remaining: readonly Remaining[], examples: readonly Example[]): Forecast {
  const exact = groupMicros(examples, ({ workflowType, agent, phase }) => [workflowType, agent, phase]);
  const near = groupMicros(examples, ({ agent, phase }) => [agent, phase]);
  let [low, likely, high, unknown] = [0, 0, 0, 0];
  for (const { workflowType, agent, phase } of remaining) {
    const micros = enough(exact.get(keyOf([workflowType, agent, phase]))) ?? enough(near.get(keyOf([agent, phase])));
    if (!micros) {
      unknown += 1;
      continue;
    }
    low += quantile(micros, 0.25);
    likely += quantile(micros, 0.5);
    high += quantile(micros, 0.9);
  }
  const isKnown = remaining.length > unknown || remaining.length === 0;
  const usd = (micros: number) => (isKnown ? toUsd(Math.round(micros)) : null);
  return {
    likelyUsd: usd(likely),
    lowUsd: usd(low),
    highUsd: usd(high),
    tasks: new Set(remaining.map(({ taskId }) => taskId)).size,
    phases: remaining.length,
    unknownPhases: unknown,
    examples: examples.length,
  };
}

function groupMicros(examples: readonly Example[], key: (example: Example) => string[]): Map<string, number[]> {
  const groups = Map.groupBy(examples, (example) => keyOf(key(example)));
  return new Map([...groups].map(([name, group]) => [name, group.map(({ micros }) => micros).sort((a, b) => a - b)]));
}

const keyOf = (parts: readonly string[]): string => JSON.stringify(parts);
const enough = (micros: number[] | undefined) => (micros && micros.length >= fewestExamples ? micros : undefined);

/** Of sorted values, between its neighbours where it falls between two (type 7 of Hyndman and Fan). */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? 0;
  return below + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] ?? below) - below);
}
