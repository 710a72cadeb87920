/**
 * Runs that an earlier version of Sentra had begun and whose steps this one does not know, and those that were under way when a backup was
 * made. They cannot go on in the middle, so they end with what to do: their branch and their finished phases are there, and a retry goes
 * on with the phase that was at work.
 */
import { tryOfJob } from '#src/domain/analysis.ts';
import { applicationVersion, type Engine } from '#src/engine/engine.ts';
import type { Failure } from '#src/errors.ts';
import { endAnalysis, findAnalysisOfTry } from '#src/store/analyses.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { failOpenAttempts } from '#src/store/phases.ts';
import { findRunRow, setRunStatus } from '#src/store/runs.ts';
import { listOutdatedJobs } from '#src/store/takeover.ts';

const lost = (message: string): Failure => ({ code: 'lost', message });

const outdated = lost(
  'An earlier version of Sentra had begun this run, and this one cannot go on with it. Retry the task: what is finished stays.',
);
const restored = lost(
  'This run was under way when the backup was made that Sentra was restored from. See that no other Sentra still works on it, then retry the task: what is finished stays.',
);

/** Before the engine is launched. Answers how many runs ended. */
export async function endOutdated(parts: { database: Database; changes: Changes; engine: Pick<Engine, 'cancel'> }) {
  const { db } = parts.database;
  let ended = 0;
  for (const { id, isRestored } of await listOutdatedJobs(db, applicationVersion)) {
    const failure = isRestored ? restored : outdated;
    await parts.engine.cancel(id);
    const run = await findRunRow(db, id);
    if (!run) {
      await endAnalysisJob(parts, id); // a merge or a clean-up is asked for again, or found by the next look round
      continue;
    }
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

const interrupted = lost('It was under way when Sentra was updated or restored from a backup. Have it analyzed again.');

async function endAnalysisJob({ database, changes }: { database: Database; changes: Changes }, jobId: string) {
  const adwId = tryOfJob(jobId);
  const row = adwId === undefined ? undefined : await findAnalysisOfTry(database.db, adwId);
  if (!row) return;
  await changes.change(async ({ tx, record }) => {
    if (!(await endAnalysis(tx, row, { status: 'failed', error: interrupted }))) return;
    record({ type: 'analysis.changed', projectId: row.projectId, data: { id: row.id, status: 'failed' } });
  });
}
