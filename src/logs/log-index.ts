/**
 * Notes what is in every stretch of stored lines (store/log-blocks.ts), a little after they were written. Any process may do it, also
 * several at once. A task that still writes is taken by whole blocks; its last lines follow when it has written nothing for one look.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { markOf, noMark } from '#src/domain/log-marks.ts';
import { trigramsOf } from '#src/domain/log-trigrams.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { isUnavailable } from '#src/store/database-error.ts';
import {
  type IndexedLine,
  keepLogBlock,
  linesPerBlock,
  listIndexedLines,
  listUncovered,
  type NewLogBlock,
} from '#src/store/log-blocks.ts';

const everyMs = 5_000;
/** A look is given this many times its own length of rest. */
const restTimes = 20;

export type LogIndex = {
  /** Answers how many blocks it wrote. */
  fillOnce(): Promise<number>;
  /** Until the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
};

export type LogIndexParts = {
  database: Database;
  onError: (e: unknown) => void;
  /** Then it waits, as the lines themselves do (disk-room.ts). */
  isDiskShort?: () => boolean;
};

export function createLogIndex(parts: LogIndexParts): LogIndex {
  const { db } = parts.database;
  const isDiskShort = parts.isDiskShort ?? (() => false);
  let lastSeqs = new Map<string, number>();
  const fillOnce = async () => {
    const uncovered = await listUncovered(db);
    let written = 0;
    for (const { taskId, lastSeq, ...from } of uncovered) {
      const rests = lastSeqs.get(taskId) === lastSeq;
      const until = rests ? lastSeq : lastSeq - (lastSeq % linesPerBlock);
      written += await fillTask(db, taskId, { ...from, until, isDiskShort });
    }
    lastSeqs = new Map(uncovered.map(({ taskId, lastSeq }) => [taskId, lastSeq]));
    return written;
  };
  const start = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      const before = performance.now();
      await fillOnce().catch((e) => {
        if (!isUnavailable(e) && !signal.aborted) parts.onError(e);
      });
      const restMs = Math.max(everyMs, (performance.now() - before) * restTimes);
      await sleep(restMs, undefined, { signal, ref: false }).catch(() => {}); // aborted
    }
  };
  return { fillOnce, start };
}

type Stretch = { covered: number; removedLines: number; until: number; isDiskShort: () => boolean };

async function fillTask(db: Queryable, taskId: string, stretch: Stretch): Promise<number> {
  const { covered, removedLines, until, isDiskShort } = stretch;
  let written = 0;
  for (let block = Math.floor(covered / linesPerBlock); block * linesPerBlock < until; block++) {
    if (isDiskShort()) break;
    const first = Math.max(block * linesPerBlock, removedLines) + 1;
    const last = Math.min((block + 1) * linesPerBlock, until);
    const lines = await listIndexedLines(db, taskId, { first, last });
    if (lines.length !== last - first + 1) break; // removed meanwhile: the next look knows
    await keepLogBlock(db, taskId, blockOf(block, lines));
    written++;
  }
  return written;
}

function blockOf(block: number, lines: readonly IndexedLine[]): NewLogBlock {
  const times = lines.map((line) => line.timestamp).sort((a, b) => Date.parse(a) - Date.parse(b));
  const before = (lines[0]?.seq ?? 0) - block * linesPerBlock - 1;
  return {
    block,
    lastSeq: lines.at(-1)?.seq ?? 0,
    since: times[0] as string,
    until: times.at(-1) as string,
    marks: Buffer.from([...Array<number>(before).fill(noMark), ...lines.map(markOf)]),
    text: '\n'.repeat(before) + lines.map((line) => `${line.message.replaceAll('\n', '\v')}\n`).join(''),
    trigrams: trigramsOf(lines.map((line) => line.message)),
  };
}
