/** Where on this host work and Sentra's own things lie: for the disk's guard, and to measure them. Reads only. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { PlaceResources } from '#src/domain/resources.ts';
import type { Place } from '#src/orchestrator/intake.ts';
import type { Queryable } from '#src/store/database.ts';
import { listPool } from '#src/store/pool.ts';
import { listProjectRows, type ProjectRow } from '#src/store/projects.ts';
import { listWorktreeRows } from '#src/store/worktrees.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

export type PlaceParts = { db: Queryable; home: string; databasePath: string | undefined };

/** File systems that must not fill up: several of these may be one. */
export async function listGuarded({ db, home, databasePath }: PlaceParts): Promise<Place[]> {
  const projects = await listProjectRows(db);
  return [
    { name: 'SENTRA_HOME', path: home },
    ...(databasePath ? [{ name: 'the database', path: databasePath }] : []),
    ...projects.map((project) => ({ name: `the worktrees of ${project.name}`, path: worktreesOf(project) })),
  ];
}

export type OwnPlace = Omit<PlaceResources, 'bytes'>;

/** What lies in no worktree and no home of a task that has one. */
export async function listOwnPlaces({ db, home, databasePath }: PlaceParts): Promise<OwnPlace[]> {
  const projects = await listProjectRows(db);
  const rows = await listWorktreeRows(db);
  const pool = await listPool(db);
  const taken = new Set([...pool, ...rows].map((row) => row.path));
  const inUse = new Set([...pool.map((row) => row.id), ...rows.map((row) => row.taskId)]);
  const names = new Map(projects.map(({ id, name }) => [id, name]));
  const folders = [...new Set(projects.map(worktreesOf))];
  return [
    ...(await namesIn(path.join(home, 'caches'))).map((id) => cacheOf(path.join(home, 'caches', id), names.get(id))),
    ...pool.flatMap((row) => [row.path, path.join(home, 'homes', row.id)]).map(preparedAhead),
    ...(await Promise.all(folders.map((folder) => besideWorktrees(folder, taken)))).flat(),
    ...(await namesIn(path.join(home, 'homes')))
      .filter((name) => !inUse.has(name))
      .map((name) => leftHome(path.join(home, 'homes', name))),
    {
      kind: 'saved',
      name: 'Saved work',
      path: path.join(home, 'saved'),
      advice: '`npx sentra worktree list --saved` shows it; delete what nobody will restore',
    },
    ...(databasePath ? [databaseAt(databasePath)] : []),
    ...(await namesIn(home))
      .map((name) => path.join(home, name))
      .filter((one) => !apart.has(path.basename(one)) && !(databasePath && isAtOrAbove(one, databasePath)))
      .map((one) => rest(one)),
  ];
}

/** Folders of the home that are told by themselves. */
const apart = new Set(['homes', 'caches', 'saved']);

export function worktreesOf(project: ProjectRow): string {
  try {
    return path.resolve(project.path, readProjectConfig(project).worktreesDir);
  } catch {
    return path.resolve(project.path, '.sentra/worktrees'); // a wrong sentra.json is told on the project itself
  }
}

const cacheOf = (folder: string, project: string | undefined): OwnPlace => ({
  kind: 'cache',
  name: project ? `Caches of ${project}` : 'Caches of a project that is gone',
  path: folder,
  advice: project
    ? 'prepared dependencies and downloads; limited in size, and safe to delete while no task installs'
    : '`npx sentra worktree clean` removes it',
});

const preparedAhead = (folder: string): OwnPlace => ({
  kind: 'pool',
  name: 'Worktrees prepared ahead',
  path: folder,
  advice: 'they let tasks start at once; `pool.size` in sentra.json, SENTRA_POOL for the host, 0 for none',
});

/** Trash, and what stands among the worktrees for no reason that is known here. */
async function besideWorktrees(folder: string, taken: ReadonlySet<string>): Promise<OwnPlace[]> {
  const found = (await namesIn(folder)).map((name) => path.join(folder, name)).filter((one) => !taken.has(one));
  return found.map((one) =>
    path.basename(one) === '.trash'
      ? { kind: 'trash', name: 'Trash', path: one, advice: '`npx sentra worktree clean` empties it' }
      : {
          kind: 'loose',
          name: path.basename(one),
          path: one,
          advice: 'no task has it; `npx sentra worktree clean` removes it where Sentra made it',
        },
  );
}

const leftHome = (folder: string): OwnPlace => ({
  kind: 'homes',
  name: 'Private homes without a worktree',
  path: folder,
  advice: '`npx sentra worktree clean` removes those of tasks that are over',
});

const databaseAt = (folder: string): OwnPlace => ({
  kind: 'database',
  name: 'Database, without the logs',
  path: folder,
  advice: 'tasks, runs and the journal of the database itself',
});

const rest = (one: string): OwnPlace => ({
  kind: 'rest',
  name: 'The rest of SENTRA_HOME',
  path: one,
  advice: "Sentra's own files",
});

const isAtOrAbove = (one: string, other: string) => other === one || other.startsWith(`${one}${path.sep}`);
const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
