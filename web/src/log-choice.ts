/** What a person chose to see of a log: kept in the address, asked of the server, and applied to lines as they come. Pure. */
import { z } from 'zod';
import { type LogLine, type LogSelection, logLevels } from '#src/domain/log.ts';
import { facetsOf, isChosen, logAttempts, logFacets, logSources } from '#src/domain/log-facets.ts';
import { phaseNames } from '#src/domain/phase.ts';

const text = z.coerce.string().optional().catch(undefined);
const yes = z.literal(true).optional().catch(undefined);
const seq = z.coerce.number().int().positive().optional().catch(undefined);
const time = z.iso.datetime().optional().catch(undefined);

/** Names of phases, levels, sources and attempts are separated by commas; `line` to `to` are marked; `only` hides lines without `find`. */
export const LogChoice = z.object({
  phase: text,
  level: text,
  source: text,
  attempt: text,
  find: text,
  regex: yes,
  case: yes,
  only: yes,
  since: time,
  until: time,
  line: seq,
  to: seq,
});
export type LogChoice = Partial<z.infer<typeof LogChoice>>;

/** Which lines there are to scroll through. */
export function selectionOf(choice: LogChoice): LogSelection {
  const { since, until, only, find } = choice;
  return {
    ...(choice.phase !== undefined ? { phase: chosen(phaseNames, choice.phase) } : {}),
    ...(choice.level !== undefined ? { level: chosen(logLevels, choice.level) } : {}),
    ...(choice.source !== undefined ? { source: chosen(logSources, choice.source) } : {}),
    ...(choice.attempt !== undefined ? { attempt: chosen(logAttempts, choice.attempt) } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
    ...(only && find ? searchOf(choice) : {}),
  };
}

/** Which of them are found. */
export const searchOf = ({ find, regex, case: isCase }: LogChoice): LogSelection => ({
  q: find?.slice(0, 500),
  ...(regex ? { regex } : {}),
  ...(isCase ? { case: isCase } : {}),
});

/** All names where the choice says nothing, or nothing that exists. */
export function chosen<N extends string>(names: readonly N[], choice: string | undefined): N[] {
  const wanted = choice?.split(',');
  const found = names.filter((name) => wanted?.includes(name));
  return found.length ? found : [...names];
}

/** What a line is counted among, and whether it is shown; its text was looked at by the server. */
export function placeOf(line: LogLine, { since, until, ...choice }: LogSelection) {
  const inTime = isWithin(line.timestamp, since, until);
  const values = facetsOf(line);
  return {
    values,
    among: inTime ? logFacets.filter((facet) => isChosen(values, choice, facet)) : [],
    isShown: inTime && isChosen(values, choice),
  };
}

function isWithin(timestamp: string, since: string | undefined, until: string | undefined): boolean {
  if (!since && !until) return true;
  const at = Date.parse(timestamp);
  return (!since || at >= Date.parse(since)) && (!until || at < Date.parse(until));
}

/**
 * What is marked in the lines on the screen. Undefined where the browser cannot run the expression as PostgreSQL does, or
 * where it could run for ever (a repetition inside of a repetition): then the found line is marked as a whole.
 */
export function highlightOf({ find, regex, case: isCase }: LogChoice): RegExp | undefined {
  if (!find || (regex && /[*+}]\??\)[*+{]/.test(find))) return undefined;
  try {
    return new RegExp(regex ? find : find.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), isCase ? 'g' : 'gi');
  } catch {
    return undefined;
  }
}
