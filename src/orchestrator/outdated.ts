/**
 * Runs that an earlier version of Sentra had begun and whose steps this one does not know. They cannot go on in the middle, so they end
 * with what to do: their worktree and their finished phases are there, and a retry goes on with the phase that was at work.
 */
import { applicationVersion, type Engine } from '#src/engine/engine.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { failOpenAttempts } from '#src/store/phases.ts';
import { findRunRow, setRunStatus } from '#src/store/runs.ts';
import { listOutdatedJobs } from '#src/store/takeover.ts';

const failure = {
  code: 'lost' as const,
  message:
    'An earlier version of Sentra had begun this run, and this one cannot go on with it. Retry the task: what is finished stays.',
};

/** Before the engine is launched. Answers how many runs ended. */
export async function endOutdated(parts: { database: Database; changes: Changes; engine: Pick<Engine, 'cancel'> }) {
  const { db } = parts.database;
  let ended = 0;
  for (const id of await listOutdatedJobs(db, applicationVersion)) {
    await parts.engine.cancel(id);
    const run = await findRunRow(db, id);
    if (!run) continue; // a merge or a clean-up: asked for again, or found by the next look round
    ended += 1;
    await parts.changes.change(async ({ tx, touch, record }) => {
      if (!(await setRunStatus(tx, id, 'failed', failure))) return;
      await failOpenAttempts(tx, id, failure);
      touch(run.taskId);
      record({ type: 'run.changed', taskId: run.taskId, data: { adwId: id, status: 'failed' } });
    });
  }
  return ended;
}
