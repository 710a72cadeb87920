/** Pages, counts and downloads of one task's log, over its whole history. */
import type { LogLine, LogQuery, LogSelection, LogSummary, LogSummaryQuery } from '#src/domain/log.ts';
import { logFacets } from '#src/domain/log-facets.ts';
import { countMarks, countWanted, noMark, tally, wantedMarks } from '#src/domain/log-marks.ts';
import { createLogDirectories, type LogDirectories } from '#src/logs/log-directory.ts';
import { type BlockMatches, createMatcher, type Matcher } from '#src/logs/log-matches.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { linesPerBlock } from '#src/store/log-blocks.ts';
import { listLogs, listLogsBySeq } from '#src/store/log-pages.ts';

export type LogPage = { items: LogLine[]; nextAfter: number };

export type LogReader = {
  list(taskId: string, query: LogQuery): Promise<LogPage>;
  summary(taskId: string, query: LogSummaryQuery): Promise<LogSummary>;
  /** Every line of a selection that was there when it was reached, a page at a time. */
  pages(taskId: string, selection: LogSelection): AsyncGenerator<LogLine[]>;
};

type Sources = { db: Queryable; directories: LogDirectories; matches: Matcher };

const downloadPage = 1_000;

export function createLogReader(database: Database): LogReader {
  const { db } = database;
  const sources: Sources = { db, directories: createLogDirectories(db), matches: createMatcher(database) };
  return {
    list: (taskId, query) => listPage(sources, taskId, query),
    summary: (taskId, query) => summarise(sources, taskId, query),
    pages: async function* (taskId, selection) {
      for (let after = 0; ; ) {
        const query = { ...selection, after, limit: downloadPage, order: 'asc' } as const;
        const { items, nextAfter } = await listPage(sources, taskId, query);
        if (items.length > 0) yield items;
        if (items.length < downloadPage) return;
        after = nextAfter;
      }
    },
  };
}

async function listPage(sources: Sources, taskId: string, query: LogQuery): Promise<LogPage> {
  const { phase, level, source, attempt, q, since, until, offset = 0, ...window } = query;
  if (phase || level || source || attempt || q || since || until) return listMatches(sources, taskId, query);
  if (offset === 0) return listLogs(sources.db, taskId, window);
  // Numbers are dense, so an offset is a number.
  const { lastSeq, removedLines } = await sources.directories.get(taskId);
  const { after = 0, before = lastSeq + 1 } = window;
  const moved =
    window.order === 'asc' ? { after: Math.max(after, removedLines) + offset } : { before: before - offset };
  return listLogs(sources.db, taskId, { ...window, ...moved });
}

async function listMatches({ db, directories, matches }: Sources, taskId: string, query: LogQuery): Promise<LogPage> {
  const { after = 0, before = Number.POSITIVE_INFINITY, order, limit } = query;
  const directory = await directories.get(taskId);
  const wanted = wantedMarks(query);
  const seqs: number[] = [];
  let skip = query.offset ?? 0;
  for await (const found of matches({ taskId, directory, selection: query, wanted, after, before, order })) {
    if (skip > 0 && 'counts' in found && isInside(found.block, after, before)) {
      const count = countWanted(found.counts, wanted);
      if (count <= skip) {
        skip -= count;
        continue;
      }
    }
    const own = seqsOf(found, wanted).filter((seq) => seq > after && seq < before);
    if (order === 'desc') own.reverse();
    seqs.push(...own.slice(skip));
    skip = Math.max(0, skip - own.length);
    if (seqs.length >= limit) break;
  }
  const items = await listLogsBySeq(db, taskId, seqs.slice(0, limit));
  return {
    items: order === 'asc' ? items : items.reverse(),
    nextAfter: Math.max(after, ...items.map((line) => line.seq)),
  };
}

const isInside = (block: number, after: number, before: number): boolean =>
  after <= block * linesPerBlock && before > (block + 1) * linesPerBlock;

function seqsOf({ block, marks, ...found }: BlockMatches, wanted: Uint8Array): number[] {
  const seqs: number[] = [];
  for (const position of 'positions' in found ? found.positions : marks.keys())
    if (wanted[marks[position] ?? noMark]) seqs.push(block * linesPerBlock + position + 1);
  return seqs;
}

async function summarise(
  { directories, matches }: Sources,
  taskId: string,
  { before = Number.POSITIVE_INFINITY, ...selection }: LogSummaryQuery,
): Promise<LogSummary> {
  const directory = await directories.get(taskId);
  const { lastSeq, removedLines, removedAt } = directory;
  const counts = new Uint32Array(noMark + 1);
  // What came since the number was asked for is not counted: a follower begins after that number.
  const window = { after: 0, before: Math.min(before, lastSeq + 1), order: 'asc' } as const;
  const wanted = eitherWanted(selection);
  for await (const found of matches({ taskId, directory, selection, wanted, ...window })) {
    const isWhole = isInside(found.block, 0, window.before);
    const own = isWhole && 'counts' in found ? found.counts : tally(marksAt(found, window.before));
    own.forEach((count, mark) => {
      counts[mark] = (counts[mark] ?? 0) + count;
    });
  }
  return {
    firstSeq: lastSeq > removedLines ? removedLines + 1 : 0,
    lastSeq: lastSeq > removedLines ? lastSeq : 0,
    total: lastSeq - removedLines,
    ...countMarks(counts, selection),
    removed: removedAt === null ? null : { lines: removedLines, at: removedAt },
  };
}

/** Counts of phases do not ask for the phase, and so with the others. */
function eitherWanted(selection: LogSelection): Uint8Array {
  const ways = logFacets.map((facet) => wantedMarks(selection, facet));
  return new Uint8Array(256).map((_, mark) => (ways.some((wanted) => wanted[mark]) ? 1 : 0));
}

function* marksAt({ block, marks, ...found }: BlockMatches, before: number): Generator<number> {
  for (const position of 'positions' in found ? found.positions : marks.keys())
    if (block * linesPerBlock + position + 1 < before) yield marks[position] ?? noMark;
}
