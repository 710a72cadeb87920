/**
 * Variables that lead build tools to a cache which the tasks of one project share. Only tools whose cache is addressed by
 * content and may be used by several at once, each in a network of its own; others have theirs in the worktree, where
 * carried-caches.ts hands it on. Who is left out and why: docs/decisions.
 */
import { realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findFile } from '#src/environment/manifest.ts';
import { makeFolder } from '#src/environment/plain-path.ts';

export const buildCacheVariables = (folder: string, worktreePath: string): Record<string, string> => ({
  TURBO_CACHE_DIR: path.join(folder, 'turbo'),
  GOCACHE: path.join(folder, 'go'),
  CCACHE_DIR: path.join(folder, 'ccache'),
  CCACHE_BASEDIR: worktreePath, // else no worktree finds what another one compiled
  NX_CACHE_DIRECTORY: path.join(worktreePath, '.nx/cache'), // else it writes to the main checkout, which no room has
});

/** Gradle has no variable for it. The cache lies in the worktree, because its locks do not reach from room to room. */
const gradleScript = `gradle.startParameter.buildCacheEnabled = true
gradle.settingsEvaluated { settings ->
    settings.buildCache { local { directory = new File(settings.rootDir, '.gradle/build-cache') } }
}
`;

/** Lets the Gradle of a task keep its build cache in the worktree, where carried-caches.ts finds it; nothing for other projects. */
export async function prepareGradle(worktreePath: string, homePath: string): Promise<void> {
  const names = ['settings.gradle', 'settings.gradle.kts', 'build.gradle', 'build.gradle.kts'];
  if ((await findFile(worktreePath, names)) === undefined) return;
  const [home, folder] = [await realpath(homePath), path.join('.gradle', 'init.d')];
  if (!(await makeFolder(home, folder))) return; // a link that a program of the task made
  const file = path.join(home, folder, 'sentra-build-cache.gradle');
  await writeFile(file, gradleScript, { flag: 'wx' }).catch((e: NodeJS.ErrnoException) => {
    if (e.code !== 'EEXIST') throw e;
  });
}
