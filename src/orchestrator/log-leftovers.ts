/**
 * Logs that are kept no longer: of ended tasks and analyses that said their last word long ago, and the oldest of them while a project's
 * logs are too large. A whole one's at a time; its log then says so, and an event does.
 */

import { type AnalysisStatus, isAnalysisOver } from '#src/domain/analysis.ts';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import { isOver } from '#src/domain/status.ts';
import type { Leftover } from '#src/orchestrator/leftovers.ts';
import { lockAnalysis } from '#src/store/analyses.ts';
import type { Queryable } from '#src/store/database.ts';
import { type KeptLog, listKeptLogs, removeLog } from '#src/store/log-retention.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import { lockIdleTask } from '#src/store/tasks.ts';
import type { Parts } from '#src/workflows/parts.ts';

const dayMs = 24 * 60 * 60_000;
/** The line that tells of a removal is no reason for another one. */
const leastLines = 2;

export async function findOldLogs(
  parts: Parts,
  project: Pick<ProjectRow, 'id' | 'name'>,
  { keepDays, keepMb }: ProjectConfig['logs'],
): Promise<Leftover[]> {
  const kept = await listKeptLogs(parts.database.db, project.id);
  let surplus = kept.reduce((sum, { bytes }) => sum + bytes, 0) - keepMb * 1e6;
  return kept
    .filter((log) => log.isOver && log.lines >= leastLines)
    .flatMap((log): Leftover[] => {
      const isOld = Date.now() - Date.parse(log.lastAt) > keepDays * dayMs;
      if (!isOld && surplus <= 0) return [];
      surplus -= log.bytes;
      const why = isOld
        ? `the ${log.of} is ${log.status} and was silent for ${keepDays} days (logs.keepDays)`
        : `the ${log.of} is ${log.status}, and the logs of ${project.name} take more than ${keepMb} MB (logs.keepMb)`;
      return [
        {
          kind: 'logs',
          taskId: log.of === 'task' ? log.id : null,
          path: `log of ${log.id}`,
          reason: why,
          bytes: log.bytes,
          action: 'remove',
          act: () => remove(parts, project.id, log, why),
        },
      ];
    });
}

/** Unless a run of it has begun meanwhile. */
async function remove(parts: Parts, projectId: string, { id, of }: KeptLog, why: string): Promise<void> {
  const removed = await parts.changes.change(async ({ tx, record }) => {
    if (!(await isStillOver(tx, { id, of }))) return undefined;
    const gone = await removeLog(tx, id);
    if (of === 'task') record({ type: 'logs.removed', projectId, taskId: id, data: gone });
    else record({ type: 'logs.removed', projectId, data: { analysisId: id, ...gone } });
    return gone;
  });
  if (!removed) return;
  const size = `${(removed.bytes / 1e6).toFixed(1)} MB`;
  await parts.logs
    .logger({ taskId: id })
    .warn(
      `${removed.lines.toLocaleString('en')} lines of this log (${size} with its raw output) were removed: ${why}`,
      {
        kind: 'step',
        removed: { ...removed, at: new Date().toISOString() },
      },
    );
}

/** Nobody begins it anew until the transaction ends. */
async function isStillOver(tx: Queryable, { id, of }: Pick<KeptLog, 'id' | 'of'>): Promise<boolean> {
  if (of === 'analysis') return isAnalysisOver((await lockAnalysis(tx, id)).status as AnalysisStatus);
  const status = await lockIdleTask(tx, id);
  return status !== undefined && isOver(status);
}
