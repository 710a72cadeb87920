/** Which log lines a person asks for, as options of several verbs. */
import { type Command, InvalidArgumentError } from 'commander';
import { LogFilter, type LogSelection, logLevels } from '#src/domain/log.ts';
import { logAttempts, logSources } from '#src/domain/log-facets.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { SentraError } from '#src/errors.ts';

export type LogOptions = {
  phase?: string;
  level?: string;
  source?: string;
  attempt?: string;
  search?: string;
  regex?: true;
  case?: true;
  since?: string;
  until?: string;
};

export const addLogOptions = (verb: Command): Command =>
  verb
    .option('--phase <phases>', `only these phases, separated by commas: ${phaseNames.join(', ')}`)
    .option('--level <levels>', `only these levels, separated by commas: ${logLevels.join(', ')}`)
    .option('--source <sources>', `only what these said, separated by commas: ${logSources.join(', ')}`)
    .option('--attempt <numbers>', 'only these attempts of their phase: 1, 2, or 3 for the third and later')
    .option('--search <text>', 'only lines with this text')
    .option('--regex', 'what is searched for is a regular expression, as PostgreSQL has them')
    .option('--case', 'upper and lower case differ in it')
    .option('--since <time>', 'only lines from then on: a time, or how long ago, as 90s, 15m, 2h, 3d', time)
    .option('--until <time>', 'only lines before then', time);

/** The query of a request. Throws `invalid` for a phase, level, source or attempt that is none. */
export function selectionOf({ phase, level, source, attempt, search: q, ...options }: LogOptions) {
  const { regex, case: exact, since, until } = options;
  const parsed = LogFilter.safeParse({ phase, level, source, attempt });
  if (!parsed.success) {
    const valid = `phases are ${phaseNames.join(', ')}; levels are ${logLevels.join(', ')}; sources are ${logSources.join(', ')}; attempts are ${logAttempts.join(', ')}`;
    throw new SentraError('invalid', `--${String(parsed.error.issues[0]?.path[0])} names an unknown value: ${valid}.`);
  }
  if ((regex || exact) && !q)
    throw new SentraError('invalid', `--${regex ? 'regex' : 'case'} is about a text: give one with --search.`);
  return { phase, level, source, attempt, q, regex, case: exact, since, until } satisfies Record<
    keyof LogSelection,
    unknown
  >;
}

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function time(given: string): string {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(given) ?? [];
  const at = count ? Date.now() - Number(count) * units[unit as keyof typeof units] : Date.parse(given);
  if (Number.isNaN(at) || Math.abs(at) > 8.64e15)
    throw new InvalidArgumentError('It is a time such as 2026-11-21T20:15:00Z, or how long ago: 90s, 15m, 2h, 3d.');
  return new Date(at).toISOString();
}
