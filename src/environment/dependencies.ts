/** Installs a worktree's dependencies. A failed install is an outcome for the caller to judge, not an exception. */

import { type Attempt, attempt, type Watch } from '#src/environment/attempt.ts';
import { detectPackageManager } from '#src/environment/package-manager.ts';
import type { Runner } from '#src/environment/runner.ts';

export type InstallRequest = Watch & {
  runner: Runner;
  worktreePath: string;
  /** `auto`: what the lockfile says. False: nothing. Else a command. */
  setting: 'auto' | false | string;
  timeoutMs: number;
  /** A folder that the room may write, shared between installs so that later ones are warm. */
  cachePath?: string;
  env?: Readonly<Record<string, string>>;
};

export type Installed =
  | { outcome: 'installed'; command: string; durationMs: number }
  | { outcome: 'nothing_to_install'; durationMs: number }
  | Extract<Attempt, { outcome: 'failed' }>;

export async function installDependencies(request: InstallRequest): Promise<Installed> {
  const { runner, worktreePath, setting, timeoutMs, cachePath, onLine, signal } = request;
  const command = setting === 'auto' ? (await detectPackageManager(worktreePath))?.command : setting || undefined;
  if (command === undefined) return { outcome: 'nothing_to_install', durationMs: 0 };
  const env = { ...request.env, ...(cachePath === undefined ? {} : cacheEnvironment(cachePath, command)) };
  const done = await attempt(runner, command, { network: 'proxy', env, timeoutMs, onLine, signal });
  if (done.outcome === 'failed') return done;
  return { outcome: 'installed', command: done.command, durationMs: done.durationMs };
}

/** Every package manager checks what it takes from its cache against the lockfile's hashes. */
const cacheEnvironment = (folder: string, command: string | readonly string[]): Record<string, string> => ({
  npm_config_cache: `${folder}/npm`,
  ...(command[0] === 'pnpm' ? { npm_config_store_dir: `${folder}/pnpm` } : {}), // npm would warn about it
  YARN_CACHE_FOLDER: `${folder}/yarn`,
  BUN_INSTALL_CACHE_DIR: `${folder}/bun`,
  PIP_CACHE_DIR: `${folder}/pip`,
  UV_CACHE_DIR: `${folder}/uv`,
  GOMODCACHE: `${folder}/go`,
});
