/**
 * What the install of each stack makes, so far as it is the same in every worktree with the same key. A Node project has
 * a `node_modules` in its root and perhaps in its workspaces; Go, Cargo and Maven fill a folder of the home, in which
 * each package has a place of its own, so that the task may add more to it.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { makeFolder } from '#src/environment/plain-path.ts';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';

export const Root = z.object({ in: z.enum(['worktree', 'home']), path: z.string() });
export type Root = z.infer<typeof Root>;

/** In the home, and which names in it the tool rewrites in place: those are never shared. */
const homeRoots: Partial<Record<PackageManager['manager'], { paths: string[]; rewritten: string[] }>> = {
  go: { paths: ['go/pkg/mod'], rewritten: ['*.lock', 'list', 'lock'] },
  cargo: {
    paths: ['.cargo/registry', '.cargo/git'],
    rewritten: ['index', 'db', '.cache', '.package-cache*', '*.lock'],
  },
  maven: {
    paths: ['.m2/repository'],
    rewritten: ['_remote.repositories', 'resolver-status.properties', 'maven-metadata-*', '*.lastUpdated', '*.lock'],
  },
};

export const isInHome = (how: Pick<PackageManager, 'manager'>): boolean => homeRoots[how.manager] !== undefined;

export const rewrittenNames = (how: Pick<PackageManager, 'manager'>): string[] =>
  homeRoots[how.manager]?.rewritten ?? [];

export const placeOf = (place: Pick<PreparedPlace, 'worktreePath' | 'homePath'>, root: Root): string =>
  path.join(root.in === 'home' ? place.homePath : place.worktreePath, root.path);

/** What an install has made, in the order of their paths. */
export async function listRoots(place: PreparedPlace, how: Pick<PackageManager, 'manager'>): Promise<Root[]> {
  const roots = (homeRoots[how.manager]?.paths ?? []).map((folder): Root => ({ in: 'home', path: folder }));
  const present = roots.filter((root) => existsSync(placeOf(place, root)));
  return isInHome(how) ? present : await listTrees(place);
}

/** Every `node_modules` that is in none. */
async function listTrees(place: PreparedPlace): Promise<Root[]> {
  const search = ['find', '.', '-name', '.git', '-prune', '-o', '-name', 'node_modules', '-prune', '-printf', '%P\\0'];
  const found = (await tool(place, search, place.worktreePath)).toString('utf8').split('\0').filter(Boolean);
  return found.sort().map((folder): Root => ({ in: 'worktree', path: folder }));
}

/** Small files beside the trees, without which the manager thinks that nothing is installed. */
export const sideFiles = (how: Pick<PackageManager, 'manager'>): string[] =>
  how.manager === 'yarn' ? ['.yarn/install-state.gz'] : [];

/** Makes a root that must not be there; false when it is, or a link stands in its way. */
export async function makeRoot(place: PreparedPlace, root: Root): Promise<boolean> {
  if (!(await makeFolder(root.in === 'home' ? place.homePath : place.worktreePath, path.dirname(root.path))))
    return false;
  try {
    await mkdir(placeOf(place, root));
    return true;
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw e;
  }
}
