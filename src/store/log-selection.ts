/** Which lines a selection means, as SQL over rows of `logs`, and over the texts of blocks. */

import type { LogSelection } from '#src/domain/log.ts';
import type { LogAttempt, LogSource } from '#src/domain/log-facets.ts';
import { readPattern } from '#src/domain/log-pattern.ts';
import { SentraError } from '#src/errors.ts';
import { causesOf } from '#src/store/database-error.ts';
import { and, eq, gte, inArray, lt, type SQL, sql } from '#src/store/drizzle.ts';
import { logs } from '#src/store/schema-logs.ts';
import { storableText } from '#src/store/text.ts';

export type LogText = Pick<LogSelection, 'q' | 'regex' | 'case'>;

/** As domain/log-facets.ts has them. */
export const lineSource = sql<LogSource>`case ${logs.metadata} ->> 'kind'
  when 'output' then case when ${logs.metadata} ? 'agentName' then 'agent' else 'command' end
  when 'step' then 'sentra' else case when ${logs.metadata} ? 'kind' then 'agent' else 'sentra' end end`;

export const lineAttempt = sql<LogAttempt | null>`case
  when ${logs.metadata} ->> 'attempt' in ('1', '2') then ${logs.metadata} ->> 'attempt'
  when ${logs.metadata} ->> 'attempt' ~ '^[1-9]' then '3' end`;

/** All that a selection asks of a row of a task. */
export const ofSelection = (taskId: string, selection: LogSelection): SQL | undefined =>
  and(eq(logs.taskId, taskId), ...conditionsOf(selection));

export const conditionsOf = (selection: LogSelection): (SQL | undefined)[] => [
  selection.phase && inArray(logs.phase, selection.phase),
  selection.level && inArray(logs.level, selection.level),
  selection.source && inArray(lineSource, selection.source),
  selection.attempt && inArray(lineAttempt, selection.attempt),
  selection.since === undefined ? undefined : gte(logs.timestamp, selection.since),
  selection.until === undefined ? undefined : lt(logs.timestamp, selection.until),
  selection.q ? hasText(sql`${logs.message}`, selection) : undefined,
];

/** Position in a text is cheaper than `like`, and a pattern is never needed. */
export function hasText(message: SQL, { q = '', regex, case: exact }: LogText): SQL {
  const wanted = storableText(q);
  if (regex) return exact ? sql`${message} ~ ${wanted}` : sql`${message} ~* ${wanted}`;
  return exact ? sql`strpos(${message}, ${wanted}) > 0` : sql`strpos(lower(${message}), lower(${wanted})) > 0`;
}

/**
 * Whether a text can be looked for in the texts of blocks, where a message is a line. Not a pattern that speaks of the ends of a
 * message, of what stands around it, or of line ends.
 */
export const isForBlocks = ({ q = '', regex }: LogText): boolean => !(regex && onlyInRows.test(q));

const onlyInRows = /^\*\*\*|\(\?(?!:)|\\[AZnrxuUc0-9]|[\n\v]/;

/** May be true of a block that has no such line, but is never false of one that has. */
export function mayHaveText(block: SQL, { q = '', regex, case: exact }: LogText): SQL {
  const byLine = regex ? `(?n${exact ? 'c' : 'i'})${q}` : q.replaceAll('\n', '\v');
  return hasText(block, { q: byLine, regex, case: exact });
}

/** A line of a block has a vertical tab for a line end. */
export const hasTextInBlock = (line: SQL, text: LogText): SQL =>
  hasText(line, { ...text, q: text.q?.replaceAll('\n', '\v') });

/** What PostgreSQL said about a search, in words for the person who asked. Throws what is none of that. */
export function explainSearch(e: unknown, { q = '' }: LogText, seconds: number): never {
  const state = causesOf(e).find(({ code }) => code === '57014' || code === '2201B');
  if (state?.code === '57014')
    throw new SentraError(
      'timed_out',
      `The search for ${JSON.stringify(q)} was stopped after ${seconds} s. Narrow it by phase, level or time, or look for a text that is longer.`,
      { cause: e },
    );
  if (state === undefined) throw e;
  const { fault } = readPattern(q);
  const why = fault
    ? `at position ${fault.position} ${fault.message}`
    : state.message.replace(/^invalid regular expression: /, '');
  throw new SentraError(
    'invalid',
    `q: ${JSON.stringify(q)} is no regular expression: ${why}. Leave regex out to look for the text itself.`,
    { cause: e, details: [{ path: 'q', message: why, ...(fault ? { position: fault.position } : {}) }] },
  );
}
