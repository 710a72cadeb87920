/**
 * Where package managers keep what they fetched: one folder for each of them and project, which installs alone can write,
 * and which each manager checks against the lockfile's hashes. Below a limit for the whole project, prepared trees
 * included, what was not used for longest goes.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { discardPrepared, listPrepared } from '#src/environment/prepared.ts';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';
import { outOfReach, shrinkStore } from '#src/environment/prepared-store.ts';

/** For an installer. `how` is undefined for a command of the project's own, which may call any of them. */
export function installVariables(
  folder: string,
  homePath: string | undefined,
  how?: PackageManager,
): Record<string, string> {
  const at = (name: string) => path.join(folder, name);
  return {
    ...(homePath === undefined ? {} : worktreeVariables(homePath)),
    npm_config_cache: at('npm'),
    BUN_INSTALL_CACHE_DIR: at('bun'),
    PIP_CACHE_DIR: at('pip'),
    UV_CACHE_DIR: at('uv'),
    POETRY_CACHE_DIR: at('poetry'),
    YARN_GLOBAL_FOLDER: at('yarn-berry'), // from version 2 on
    YARN_ENABLE_TELEMETRY: '0',
    pnpm_config_store_dir: at('pnpm'),
    pnpm_config_cache_dir: at('pnpm-metadata'),
    ...(how?.manager === 'pnpm' ? pnpmVariables(at('pnpm'), how) : {}),
    ...(how?.command.includes('--non-interactive') ? { YARN_CACHE_FOLDER: at('yarn') } : {}), // version 1
  };
}

function pnpmVariables(store: string, { shares }: PackageManager): Record<string, string> {
  const own = shares === 'store' ? { enable_global_virtual_store: 'true' } : { extend_node_path: 'false' };
  const settings = Object.entries({ store_dir: store, ...own });
  // Up to version 10 it reads the names of npm, which would warn about them. Started programs have no absolute paths in them.
  return Object.fromEntries(
    settings.flatMap(([name, value]) => ['npm', 'pnpm'].map((who) => [`${who}_config_${name}`, value])),
  );
}

/** For all that runs in a worktree, so that it finds what was installed and leaves it as it is. */
export const worktreeVariables = (homePath: string): Record<string, string> => ({
  // Without it pnpm would install again before each script: there its store has another place.
  pnpm_config_verify_deps_before_run: 'false',
  POETRY_VIRTUALENVS_IN_PROJECT: 'true',
  GOFLAGS: '-modcacherw', // else a home can be removed by root only
  // Java does not look at HOME.
  MAVEN_OPTS: `-Dmaven.repo.local=${path.join(homePath, '.m2/repository')}`,
  GRADLE_USER_HOME: path.join(homePath, '.gradle'),
});

/** What a worktree leads into after an install: links of pnpm, archives of Yarn. */
export const readableCaches = (folder: string): string[] =>
  ['pnpm', 'yarn-berry'].map((name) => path.join(folder, name));

const atWork = new Map<string, number>();

/** Nothing of a folder goes while an install works with it. */
export async function whileUsed<T>(folder: string, act: () => Promise<T>): Promise<T> {
  atWork.set(folder, (atWork.get(folder) ?? 0) + 1);
  try {
    return await act();
  } finally {
    const left = (atWork.get(folder) ?? 1) - 1;
    if (left > 0) atWork.set(folder, left);
    else atWork.delete(folder);
  }
}

export type Limited = { place: PreparedPlace; packages: string; limitBytes: number; keep?: string };

/** Least recently used first, until the rest is within the limit; answers what went, for the log. */
export async function enforceLimit({ place, packages, limitBytes, keep }: Limited): Promise<string[]> {
  for (const folder of [packages, path.join(packages, 'pnpm')]) await removeGone(folder);
  const told: string[] = [];
  for (const item of await listItems(place, packages)) {
    const total = await totalBytes(place, packages);
    if (total <= limitBytes) break;
    if (item.name === keep || (item.kind === 'packages' && atWork.has(packages))) continue;
    if (item.kind === 'tree') await discardPrepared(place.folder, item.name);
    else if (item.name === 'pnpm') await shrink(place, packages, limitBytes);
    else await discardFolder(packages, item.name);
    const left = await totalBytes(place, packages);
    if (left < total) told.push(`${item.name}, ${megabytes(total - left)}`);
  }
  return told;
}

const shrink = (place: PreparedPlace, packages: string, limitBytes: number) =>
  shrinkStore(
    { ...place, store: path.join(packages, 'pnpm') },
    async () => (await totalBytes(place, packages)) <= limitBytes,
  );

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

type Item = { kind: 'tree' | 'packages'; name: string; usedAt: number };

async function listItems(place: PreparedPlace, packages: string): Promise<Item[]> {
  const trees = (await listPrepared(place.folder)).map(
    ({ key, usedAt }): Item => ({ kind: 'tree', name: key, usedAt }),
  );
  const folders = (await namesIn(packages)).map(async (name): Promise<Item> => {
    const used = await stat(path.join(packages, `.used-${name}`)).catch(() => undefined);
    return { kind: 'packages', name, usedAt: used?.mtimeMs ?? 0 };
  });
  return [...trees, ...(await Promise.all(folders))].sort((a, b) => a.usedAt - b.usedAt);
}

const namesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.'));

/** A file with many names counts once, whichever of the two folders it is in. */
async function totalBytes(place: PreparedPlace, packages: string): Promise<number> {
  await mkdir(place.folder, { recursive: true });
  await mkdir(packages, { recursive: true });
  const used = await tool(place, ['du', '-s', '-c', '--block-size=1', place.folder, packages], '/');
  return Number.parseInt(used.toString('utf8').trim().split('\n').at(-1) ?? '', 10);
}

/** Called after an install that used it; undefined: after a command of the project's own, which may have used any. */
export async function markUsed(packages: string, manager: string | undefined): Promise<void> {
  const now = new Date();
  const names = manager === 'yarn' ? ['yarn', 'yarn-berry'] : manager ? [manager] : await namesIn(packages);
  for (const name of names) {
    const file = path.join(packages, `.used-${name}`);
    await writeFile(file, '', { flag: 'a' });
    await utimes(file, now, now);
  }
}

/** Out of reach first. */
async function discardFolder(packages: string, name: string): Promise<void> {
  await rename(path.join(packages, name), path.join(packages, `${outOfReach}${randomUUID()}`));
  await removeGone(packages);
}

/** Those of a process that died over it as well. */
async function removeGone(folder: string): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(outOfReach));
  for (const name of names) await rm(path.join(folder, name), { recursive: true, force: true });
}
