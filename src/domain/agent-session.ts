import { z } from 'zod';
import { AdwId } from '#src/domain/ids.ts';

/** One conversation of an agent. Money is in US dollars, null when unknown. */
export const AgentSession = z
  .object({
    id: z.string(),
    adwId: AdwId,
    phase: z.string(),
    attempt: z.number().int(),
    agent: z.string(),
    model: z.string().nullable(),
    /** Null while it is at work. */
    outcome: z.string().nullable(),
    message: z.string().nullable(),
    /** Which version of the project's own system prompt it was; null for the default. */
    promptVersion: z.number().int().nullable(),
    costUsd: z.number().nullable(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'AgentSession' });
export type AgentSession = z.infer<typeof AgentSession>;

/** With what it was told, as it was sent but for secrets. */
export const ToldSession = AgentSession.extend({
  systemPrompt: z.string().nullable(),
  prompt: z.string().nullable(),
}).meta({ id: 'ToldSession' });
export type ToldSession = z.infer<typeof ToldSession>;
