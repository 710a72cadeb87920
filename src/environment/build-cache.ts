/**
 * Variables that lead build tools to a cache which the tasks of one project share. Only tools whose cache is addressed by
 * content and may be used by several at once, each in a network of its own; others have theirs in the worktree, where
 * carried-caches.ts hands it on. Who is left out and why: docs/decisions.
 */
import path from 'node:path';

export const buildCacheVariables = (folder: string, worktreePath: string): Record<string, string> => ({
  TURBO_CACHE_DIR: path.join(folder, 'turbo'),
  GOCACHE: path.join(folder, 'go'),
  CCACHE_DIR: path.join(folder, 'ccache'),
  CCACHE_BASEDIR: worktreePath, // else no worktree finds what another one compiled
  NX_CACHE_DIRECTORY: path.join(worktreePath, '.nx/cache'), // else it writes to the main checkout, which no room has
});
