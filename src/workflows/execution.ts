/**
 * One execution of a run by one worker. A run can be taken from a worker that nobody hears of any more; should that one come back, it
 * must change nothing: every transaction of an execution first looks whether it is still the newest.
 */
import { LostRun } from '#src/engine/step.ts';
import type { Changes } from '#src/store/change.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { getRunRow, holdsRun, releaseRun, takeRun } from '#src/store/runs.ts';
import { findLastLineTime } from '#src/store/timeline.ts';
import type { Parts } from '#src/workflows/parts.ts';

/** Takes the run, does the work with parts that are fenced, and says when nothing of it is at work any more. */
export async function executeRun<T>(parts: Parts, adwId: string, work: (own: Parts) => Promise<T>): Promise<T> {
  const { db } = parts.database;
  const epoch = await whenAvailable(() => take(parts, adwId));
  if (epoch === undefined) throw lost(adwId);
  try {
    return await work({ ...parts, changes: fence(parts.changes, adwId, epoch) });
  } finally {
    await parts.engine.whenIdle(adwId); // a cancelled workflow ends before its step does
    await whenAvailable(() => releaseRun(db, adwId, epoch));
  }
}

/** Every taking but the first ends a time in which nobody worked on the run; it began after the last line that is there now. */
const take = ({ changes, workerId }: Parts, adwId: string): Promise<number | undefined> =>
  changes.change(async ({ tx, record }) => {
    const execution = await takeRun(tx, adwId, workerId);
    if (execution === undefined) return undefined;
    const { taskId } = await getRunRow(tx, adwId);
    const lastLineAt = await findLastLineTime(tx, taskId);
    record({ type: 'run.taken', taskId, data: { adwId, execution, workerId, lastLineAt } });
    return execution;
  });

const fence = (changes: Changes, adwId: string, epoch: number): Changes => ({
  change: (work) =>
    changes.change(async (change) => {
      if (!(await holdsRun(change.tx, adwId, epoch))) throw lost(adwId);
      return work(change);
    }),
});

const lost = (adwId: string) => new LostRun(`${adwId} is executed by another worker.`);
