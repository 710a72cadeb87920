/** How much disk tasks' own databases take on their projects' servers: one connection for each project and kind. */
import { messageOf } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { measureTaskDatabases } from '#src/store/project-server.ts';
import { listProjectRows } from '#src/store/projects.ts';
import { listTaskDatabases } from '#src/store/task-databases.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import { serverOf } from '#src/workflows/task-database.ts';

/** Bytes by task. A server that does not answer is told; its tasks are left out. */
export async function measureDatabases(
  db: Queryable,
  onError: (message: string) => void,
): Promise<ReadonlyMap<string, number>> {
  const rows = await listTaskDatabases(db);
  const projects = rows.length ? await listProjectRows(db) : [];
  const found = new Map<string, number>();
  for (const project of projects)
    for (const kind of ['database', 'schema'] as const) {
      const mine = rows.filter((row) => row.projectId === project.id && row.kind === kind);
      if (mine.length === 0) continue;
      try {
        const url = await serverOf(readProjectConfig(project), project.path);
        const bytes = await measureTaskDatabases(
          url,
          kind,
          mine.map(({ name }) => name),
        );
        for (const { taskId, name } of mine) found.set(taskId, bytes.get(name) ?? 0);
      } catch (e) {
        onError(`the databases of ${project.name} were not measured: ${messageOf(e)}`);
      }
    }
  return found;
}
