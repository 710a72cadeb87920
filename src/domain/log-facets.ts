/** What lines are chosen and counted by: their phase and level, who said them, and in which attempt. */
import { z } from 'zod';
import type { LogLevel, LogLine, LogSelection } from '#src/domain/log.ts';
import type { PhaseName } from '#src/domain/phase.ts';

/** Who said a line: an agent, a command that Sentra ran (tests, set-up, dev servers), or Sentra itself. */
export const logSources = ['agent', 'command', 'sentra'] as const;
export const LogSource = z.enum(logSources);
export type LogSource = z.infer<typeof LogSource>;

/** Of its phase in its run; `3` is the third and all later ones. */
export const logAttempts = ['1', '2', '3'] as const;
export const LogAttempt = z.enum(logAttempts);
export type LogAttempt = z.infer<typeof LogAttempt>;

export const logFacets = ['phase', 'level', 'source', 'attempt'] as const;
export type LogFacet = (typeof logFacets)[number];
export type FacetChoice = Pick<LogSelection, LogFacet>;
/** Null where a line belongs to none. */
export type FacetValues = {
  phase: PhaseName | null;
  level: LogLevel;
  source: LogSource;
  attempt: LogAttempt | null;
};

export const facetsOf = ({ phase, level, metadata }: Pick<LogLine, 'phase' | 'level' | 'metadata'>): FacetValues => ({
  phase,
  level,
  source: sourceOf(metadata),
  attempt: attemptOf(metadata),
});

/** Whether a line is chosen; by everything but `except`, where counts of that are wanted. */
export const isChosen = (values: FacetValues, choice: FacetChoice, except?: LogFacet): boolean =>
  logFacets.every((facet) => {
    const [value, wanted] = [values[facet], choice[facet] as readonly string[] | undefined];
    return facet === except || !wanted || (value !== null && wanted.includes(value));
  });

/** In SQL, as the attempt too: store/log-selection.ts. */
function sourceOf({ kind, agentName }: LogLine['metadata']): LogSource {
  if (kind === 'output') return agentName === undefined ? 'command' : 'agent';
  return kind === undefined || kind === 'step' ? 'sentra' : 'agent';
}

function attemptOf({ attempt }: LogLine['metadata']): LogAttempt | null {
  if (attempt === undefined || attempt < 1) return null;
  return attempt === 1 ? '1' : attempt === 2 ? '2' : '3';
}
