/** What sentra.json says of stacking decides on statuses, so the database knows it too. */
import { SentraError } from '#src/errors.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { listProjectRows, type ProjectRow, setStacked } from '#src/store/projects.ts';
import { listWaiting } from '#src/store/task-queue.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

/** Brings every project up to date with its sentra.json; one that cannot be read stays as it was. */
export async function keepStacked({ database, changes }: { database: Database; changes: Changes }): Promise<void> {
  for (const project of await listProjectRows(database.db)) {
    const stacked = readStacked(project);
    if (stacked === undefined || stacked === project.stacked) continue;
    await changes.change(async ({ tx, touch, record }) => {
      await setStacked(tx, project.id, stacked);
      for (const taskId of await listWaiting(tx, project.id)) touch(taskId);
      record({ type: 'project.changed', projectId: project.id });
    });
  }
}

/** Undefined where the file is wrong or the repository gone. */
export function readStacked(project: Pick<ProjectRow, 'path' | 'gitDir'>): boolean | undefined {
  try {
    return readProjectConfig(project).stacked;
  } catch (e) {
    if (e instanceof SentraError) return undefined;
    throw e;
  }
}
