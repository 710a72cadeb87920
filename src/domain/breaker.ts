/**
 * The circuit breaker of one agent in one project: when run after run fails in the same way, nobody is helped by the next one.
 * It opens for a while, then lets a single run try; a success closes it, another failure opens it for longer. Pure.
 */
import { z } from 'zod';

/** What is kept of it: null as long as nothing failed since the last success. */
export type BreakerFacts = {
  kind: string;
  /** In a row, all of this kind. */
  failures: number;
  /** How often it opened in a row. */
  trips: number;
  /** Milliseconds since 1970; null while it is closed. */
  openUntil: number | null;
};

export const Breaker = z
  .object({
    projectId: z.string(),
    agent: z.string(),
    /** `half_open`: one run may try. */
    state: z.enum(['open', 'half_open']),
    kind: z.string(),
    failures: z.number().int(),
    /** Until when it is open, ISO 8601. */
    until: z.string(),
    /** Of the latest failure. */
    message: z.string(),
  })
  .meta({ id: 'Breaker' });
export type Breaker = z.infer<typeof Breaker>;

const tolerated = 5;
/** A refused credential does not mend itself, and each try may count against it. */
const toleratedOf: Readonly<Record<string, number>> = { auth: 2 };
const firstOpenMs = 5 * 60_000;
const longestOpenMs = 60 * 60_000;

/** What a run that ended makes of it, `facts` itself where nothing; `failure` null is a success. `now` in milliseconds since 1970. */
export function afterRun(
  facts: BreakerFacts | null,
  failure: { kind: string } | null,
  now: number,
): BreakerFacts | null {
  if (!failure) return null;
  const isSame = facts?.kind === failure.kind;
  const isOpen = facts?.openUntil && now < facts.openUntil;
  if (isOpen && !isSame) return facts; // a run that began before it opened; why it opened stays the reason
  const failures = isSame ? facts.failures + 1 : 1;
  const trips = facts?.trips ?? 0;
  const next = { kind: failure.kind, failures, trips, openUntil: facts?.openUntil ?? null };
  if (isOpen) return next;
  const failsAgain = trips > 0;
  if (!failsAgain && failures < (toleratedOf[failure.kind] ?? tolerated)) return next;
  const openMs = Math.min(firstOpenMs * 2 ** trips, longestOpenMs);
  return { ...next, trips: trips + 1, openUntil: now + openMs };
}

export const stateOf = ({ openUntil }: Pick<BreakerFacts, 'openUntil'>, now: number): 'closed' | Breaker['state'] =>
  openUntil === null ? 'closed' : now < openUntil ? 'open' : 'half_open';
