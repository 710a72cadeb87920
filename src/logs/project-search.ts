/**
 * Looks through the lines of all tasks of a project, newest first, without an index on the lines: blocks that may have a match come in
 * the order of their newest line, and a line is known to be next once every block that is left is older.
 */
import type { ProjectLogLine, ProjectLogQuery } from '#src/domain/log.ts';
import { wantedMarks } from '#src/domain/log-marks.ts';
import { readPattern } from '#src/domain/log-pattern.ts';
import { trigramsNeeded } from '#src/domain/log-trigrams.ts';
import { SentraError } from '#src/errors.ts';
import type { Database } from '#src/store/database.ts';
import { withinTime } from '#src/store/log-scan.ts';
import { explainSearch } from '#src/store/log-selection.ts';
import {
  type LinePlace,
  listLinesOf,
  listProjectBlocks,
  listUncoveredOf,
  type Stretch,
} from '#src/store/project-logs.ts';

export type ProjectLogPage = { items: ProjectLogLine[]; nextBefore: string | null };

/** After `patienceMs` the answer is what was found so far, and where to go on. */
export type SearchPace = { patienceMs: number; blocksAtOnce: number };
const usualPace: SearchPace = { patienceMs: 3_000, blocksAtOnce: 64 };
const mostSeconds = 20;

/** Throws `invalid` for a cursor that is none of ours, and as a search in one task does. */
export async function searchProject(
  { pool }: Pick<Database, 'pool'>,
  query: ProjectLogQuery,
  pace = usualPace,
): Promise<ProjectLogPage> {
  return withinTime(pool, mostSeconds * 1000, async (db) => {
    const before = query.before === undefined ? undefined : readPlace(query.before);
    const { q = '', regex, limit } = query;
    const wanted = { ...query, before, trigrams: trigramsNeeded(regex ? readPattern(q).literals : [q]) };
    const marks = wantedMarks(query);
    const begun = performance.now();
    const page = { query, before, limit: limit + 1 };
    let found = await listLinesOf(db, await listUncoveredOf(db, query.projectId), page);
    for (let from: Parameters<typeof listProjectBlocks>[2]['from']; ; ) {
      const { stretches, next } = await listProjectBlocks(db, wanted, { from, limit: pace.blocksAtOnce });
      const more = await listLinesOf(db, stretches.filter(hasAny(marks)), page);
      found = [...found, ...more].sort(newestFirst).slice(0, limit + 1);
      if (!next) return cut(found, limit);
      const settled = found.filter((line) => Date.parse(line.timestamp) > Date.parse(next.until));
      if (settled.length > limit) return cut(settled, limit);
      const isFurther = settled.length > 0 || !before || Date.parse(next.until) + 1 < Date.parse(before.timestamp);
      if (isFurther && performance.now() - begun > pace.patienceMs)
        return { items: settled, nextBefore: placeAfter(next.until) };
      from = next;
    }
  }).catch((e) => explainSearch(e, query, mostSeconds));
}

const hasAny = (wanted: Uint8Array) => (stretch: Stretch) => stretch.marks?.some((mark) => wanted[mark]) ?? true;

function cut(found: readonly ProjectLogLine[], limit: number): ProjectLogPage {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextBefore: last && found.length > limit ? writePlace(last) : null };
}

function newestFirst(a: LinePlace, b: LinePlace): number {
  const byTime = Date.parse(b.timestamp) - Date.parse(a.timestamp);
  if (byTime !== 0) return byTime;
  return a.taskId === b.taskId ? b.seq - a.seq : a.taskId < b.taskId ? 1 : -1;
}

/** Before all lines that are newer than a time. */
const placeAfter = (time: string) =>
  writePlace({ timestamp: new Date(Date.parse(time) + 1).toISOString(), taskId: '', seq: 0 });

const writePlace = ({ timestamp, taskId, seq }: LinePlace) => `${timestamp}_${taskId}_${seq}`;

function readPlace(text: string): LinePlace {
  const [, timestamp, taskId, seq] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)_([\w-]*)_(\d+)$/.exec(text) ?? [];
  if (timestamp === undefined || taskId === undefined || Number.isNaN(Date.parse(timestamp)))
    throw new SentraError(
      'invalid',
      `before: ${JSON.stringify(text)} is no place in a search: pass nextBefore of an answer as it came.`,
    );
  return { timestamp, taskId, seq: Number(seq) };
}
