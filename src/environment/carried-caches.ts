/**
 * Build caches that lie in the worktree, because their tools know no other place or none that several may use at once: those of
 * the task that was merged last are handed to each new worktree, which gets a copy of its own. Taking them out is a rename. A
 * generation has a name that begins with its time and is never changed, so that a copy at work meets no half of another.
 */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '#src/environment/plain-path.ts';
import { tool } from '#src/environment/prepared-place.ts';

/** Next; what follows find-cache-dir (Babel, webpack's loaders, terser, …); Nx, whose entries count only with its own list of them; Gradle. */
const places = [...['.next/cache', 'node_modules/.cache', '.nx/cache', '.nx/workspace-data'], '.gradle/build-cache'];
/** What else Nx keeps beside the list is about the files of one worktree. */
const isListOfNx = (name: string): boolean => name.endsWith('.db');
/** Packages of a workspace are looked for so deep. */
const depth = 2;
const keptGenerations = 2;

export type Carrying = {
  worktreePath: string;
  /** Of the project; no room may see it. */
  folder: string;
  /** The host's tools. */
  searchPath: string;
  /** Of these paths of the worktree those that git ignores: nothing else is a cache. */
  listIgnored: (paths: readonly string[]) => Promise<ReadonlySet<string>>;
};

/** Takes them out of a worktree that is about to go; answers which. */
export async function keepCaches(carrying: Carrying): Promise<string[]> {
  const { worktreePath, folder } = carrying;
  const root = await realpath(worktreePath);
  const found = await listCaches(root, carrying);
  if (found.length === 0) return [];
  const draft = path.join(folder, `.draft-${randomUUID()}`);
  try {
    for (const place of found) {
      await mkdir(path.dirname(path.join(draft, place)), { recursive: true });
      await rename(path.join(root, place), path.join(draft, place));
    }
    await rename(draft, path.join(folder, `${Date.now()}-${randomUUID()}`));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  for (const old of (await listGenerations(folder)).slice(keptGenerations))
    await rm(path.join(folder, old), { recursive: true, force: true });
  return found;
}

/** Copies the newest into a worktree, each where it has none; answers which. */
export async function takeCaches(carrying: Carrying): Promise<string[]> {
  const { worktreePath, folder, searchPath } = carrying;
  const [newest] = await listGenerations(folder);
  if (newest === undefined) return [];
  const [from, root] = [path.join(folder, newest), await realpath(worktreePath)];
  const taken: string[] = [];
  for (const place of await listCaches(from, carrying)) {
    const to = path.join(root, place);
    if (await lstat(to).catch(() => undefined)) continue;
    const parent = path.dirname(place);
    const isInstalled = path.basename(parent) !== 'node_modules' || (await isFolder(root, parent));
    if (!isInstalled || !(await makeFolder(root, parent))) continue;
    try {
      await tool({ searchPath }, ['cp', '-a', '--reflink=auto', '--', path.join(from, place), to], '/');
      taken.push(place);
    } catch (e) {
      await rm(to, { recursive: true, force: true }); // half of a cache is none
      throw e;
    }
  }
  return taken;
}

/** Relative to `root`, none behind a link. */
async function listCaches(root: string, { listIgnored }: Pick<Carrying, 'listIgnored'>): Promise<string[]> {
  const found: string[] = [];
  for (const above of await listFolders(root, '', depth))
    for (const place of places.map((name) => path.join(above, name))) {
      if ((await realpath(path.join(root, place)).catch(() => '')) !== path.join(root, place)) continue;
      if (!place.endsWith('workspace-data')) found.push(place);
      else
        for (const name of await readdir(path.join(root, place))) if (isListOfNx(name)) found.push(`${place}/${name}`);
    }
  const ignored = found.length > 0 ? await listIgnored(found) : new Set<string>();
  return found.filter((place) => ignored.has(place)).sort();
}

async function listFolders(root: string, above: string, deeper: number): Promise<string[]> {
  if (deeper === 0) return [above];
  const entries = await readdir(path.join(root, above), { withFileTypes: true }).catch(() => []);
  const open = entries.filter((one) => one.isDirectory() && !one.name.startsWith('.') && one.name !== 'node_modules');
  const lists = await Promise.all(open.map(({ name }) => listFolders(root, path.join(above, name), deeper - 1)));
  return [above, ...lists.flat()];
}

const isFolder = async (root: string, place: string): Promise<boolean> =>
  (await lstat(path.join(root, place)).catch(() => undefined))?.isDirectory() ?? false;

/** Newest first. */
const listGenerations = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => []))
    .filter((name) => /^\d+-/.test(name))
    .sort()
    .reverse();
