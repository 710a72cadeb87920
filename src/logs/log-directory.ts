/** What blocks there are of each task that is being read, kept in memory: they only ever grow, until retention takes the task's lines. */
import type { Queryable } from '#src/store/database.ts';
import { findLogExtent, type LogBlock, type LogExtent, listLogBlocks } from '#src/store/log-blocks.ts';

export type LogDirectory = LogExtent & {
  /** By number, without a gap; what comes after the last one has no block yet. */
  blocks: readonly LogBlock[];
};

export type LogDirectories = { get(taskId: string): Promise<LogDirectory> };

const mostTasks = 64;
const empty: LogDirectory = { lastSeq: 0, removedLines: 0, removedAt: null, blocks: [] };

export function createLogDirectories(db: Queryable): LogDirectories {
  const kept = new Map<string, LogDirectory>();
  return {
    async get(taskId) {
      const extent = await findLogExtent(db, taskId);
      if (!extent) return empty;
      const known = kept.get(taskId);
      const blocks = known?.removedAt === extent.removedAt ? known.blocks : [];
      const last = blocks.at(-1);
      const isWhole = last !== undefined && last.lastSeq >= extent.lastSeq;
      const fresh = isWhole ? [last] : await listLogBlocks(db, taskId, last?.block ?? 0);
      const there = [...blocks.slice(0, -1), ...fresh].filter((block) => block.lastSeq > extent.removedLines);
      const directory = { ...extent, blocks: there };
      kept.delete(taskId);
      kept.set(taskId, directory);
      const [oldest] = kept.keys();
      if (kept.size > mostTasks && oldest !== undefined) kept.delete(oldest);
      return directory;
    },
  };
}
