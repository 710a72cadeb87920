import { z } from 'zod';

export const phaseNames = ['PLAN', 'CODE', 'TEST', 'REVIEW'] as const;
/** A phase's name; either case is read, upper case is written. */
export const PhaseName = z.preprocess((v) => (typeof v === 'string' ? v.toUpperCase() : v), z.enum(phaseNames));
export type PhaseName = (typeof phaseNames)[number];

export const PhaseState = z.enum(['pending', 'running', 'passed', 'failed', 'skipped']);
export type PhaseState = z.infer<typeof PhaseState>;

/** One attempt of one phase within a run. Times are ISO 8601 in UTC; money is in US dollars, null when unknown. */
export const PhaseAttempt = z.object({
  phase: z.enum(phaseNames),
  state: PhaseState,
  attempt: z.number().int(),
  commit: z.string().nullable(),
  agent: z.string().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  costUsd: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type PhaseAttempt = z.infer<typeof PhaseAttempt>;
