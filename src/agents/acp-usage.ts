/** What an ACP agent says that its session has cost: money in updates, tokens with the end of a turn. Both are totals of the session. */
import type { UsageUpdate } from '@agentclientprotocol/sdk';
import { z } from 'zod';
import type { Usage } from '#src/agents/agent.ts';
import { toMicros } from '#src/domain/money.ts';
import { type ModelTotal, noTokens } from '#src/domain/spending.ts';

const count = z.number().int().nonnegative();

/** Of `session/prompt`'s answer; not yet in the stable protocol, so no agent must have it. */
const TurnUsage = z.looseObject({
  usage: z.looseObject({
    inputTokens: count,
    outputTokens: count,
    cachedReadTokens: count.nullish(),
    cachedWriteTokens: count.nullish(),
  }),
});

export type AcpUsage = {
  onUpdate(update: UsageUpdate): void;
  onTurn(answer: unknown): void;
  /** Empty where nothing was told. */
  totals(): ModelTotal[];
  usage(): Usage | null;
  costUsd(): number | null;
};

/** `modelOf` answers the model's name as the price table may know it. */
export function createAcpUsage(modelOf: () => string | null): AcpUsage {
  let costUsd: number | null = null;
  let usage: Usage | null = null;
  return {
    onUpdate({ cost }) {
      // Nought is what agents say of a model that they have no price for.
      if (cost?.currency === 'USD' && cost.amount > 0) costUsd = Math.max(costUsd ?? 0, cost.amount);
    },
    onTurn(answer) {
      const told = TurnUsage.safeParse(answer).data?.usage;
      if (!told) return;
      const { inputTokens, outputTokens, cachedReadTokens, cachedWriteTokens } = told;
      usage = {
        inputTokens,
        outputTokens,
        cacheReadTokens: cachedReadTokens ?? 0,
        cacheWriteTokens: cachedWriteTokens ?? 0,
      };
    },
    totals: () =>
      usage === null && costUsd === null
        ? []
        : [{ model: modelOf(), ...(usage ?? noTokens), costMicros: costUsd === null ? null : toMicros(costUsd) }],
    usage: () => usage,
    costUsd: () => costUsd,
  };
}
