/** Phase, level, source and attempt of a line in one byte, so that a million lines can be filtered and counted without reading them. */
import { logLevels } from '#src/domain/log.ts';
import {
  type FacetChoice,
  type FacetValues,
  isChosen,
  type LogFacet,
  logAttempts,
  logFacets,
  logSources,
} from '#src/domain/log-facets.ts';
import { phaseNames } from '#src/domain/phase.ts';

/** None comes first. */
const phases = [null, ...phaseNames];
const attempts = [null, ...logAttempts];

const keyOf = ({ phase, level, source, attempt }: FacetValues) => `${phase} ${level} ${source} ${attempt}`;
const valuesOf: readonly FacetValues[] = attempts.flatMap((attempt) =>
  logSources.flatMap((source) =>
    phases.flatMap((phase) => logLevels.map((level) => ({ phase, level, source, attempt }))),
  ),
);
const marks = new Map(valuesOf.map((values, mark) => [keyOf(values), mark]));

/** Where there is no line. */
export const noMark = 255;

export const markOf = (values: FacetValues): number => marks.get(keyOf(values)) ?? noMark;

/** 1 at each mark that is asked for; with `except` by everything but that. */
export function wantedMarks(choice: FacetChoice, except?: LogFacet): Uint8Array {
  const wanted = new Uint8Array(256);
  for (const [mark, values] of valuesOf.entries()) if (isChosen(values, choice, except)) wanted[mark] = 1;
  return wanted;
}

/** How often each mark occurs. */
export function tally(marks: Iterable<number>): Uint32Array {
  const counts = new Uint32Array(noMark + 1);
  for (const mark of marks) counts[mark] = (counts[mark] ?? 0) + 1;
  return counts;
}

/** How many lines are asked for. */
export function countWanted(counts: ArrayLike<number>, wanted: Uint8Array): number {
  let sum = 0;
  for (let mark = 0; mark < valuesOf.length; mark++) if (wanted[mark]) sum += counts[mark] ?? 0;
  return sum;
}

/** From how often each mark occurs, what a summary tells. */
export function countMarks(counts: ArrayLike<number>, choice: FacetChoice) {
  const by = Object.fromEntries(logFacets.map((facet) => [facet, {}])) as Record<LogFacet, Record<string, number>>;
  for (const facet of logFacets) {
    const among = wantedMarks(choice, facet);
    for (const [mark, values] of valuesOf.entries()) {
      const [count, name] = [counts[mark] ?? 0, values[facet] ?? '-'];
      if (count > 0 && among[mark]) by[facet][name] = (by[facet][name] ?? 0) + count;
    }
  }
  return {
    byPhase: by.phase,
    byLevel: by.level,
    bySource: by.source,
    byAttempt: by.attempt,
    matched: countWanted(counts, wantedMarks(choice)),
  };
}
