/** Saved work is kept until a person asks for it to go: then what is older than a season goes, if its task is over. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { isOver } from '#src/domain/status.ts';
import type { Leftover } from '#src/orchestrator/leftovers.ts';
import { getStatuses } from '#src/store/tasks.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { listSaved } from '#src/workflows/saved.ts';

const keptDays = 90;
const dayMs = 24 * 60 * 60_000;

/** Those of tasks that this Sentra does not know stay. */
export async function findOldSaved(parts: Parts): Promise<Leftover[]> {
  const old = (await listSaved(parts.home)).filter(({ at }) => Date.now() - Date.parse(at) > keptDays * dayMs);
  const statuses = await getStatuses(
    parts.database.db,
    old.map(({ taskId }) => taskId),
  );
  return old.flatMap(({ taskId, path: file }): Leftover[] => {
    const status = statuses.get(taskId);
    if (!status || !isOver(status)) return [];
    const reason = `saved more than ${keptDays} days ago; the task is ${status}`;
    return [{ kind: 'saved', taskId, path: file, reason, action: 'remove', foreign: true, act: () => forget(file) }];
  });
}

async function forget(file: string): Promise<void> {
  await rm(file, { force: true });
  const folder = path.dirname(file);
  if ((await readdir(folder)).length === 0) await rmdir(folder);
}
