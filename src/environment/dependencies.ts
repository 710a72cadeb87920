/** Installs a worktree's dependencies. A failed install is an outcome for the caller to judge, not an exception. */

import { type Attempt, attempt, type Watch } from '#src/environment/attempt.ts';
import { detectPackageManager, type PackageManager } from '#src/environment/package-manager.ts';
import { capturePrepared, takePrepared } from '#src/environment/prepared.ts';
import { preparedKey } from '#src/environment/prepared-key.ts';
import type { PreparedPlace } from '#src/environment/prepared-place.ts';
import { hasPrepareScript, listHome } from '#src/environment/prepared-tree.ts';
import type { Runner } from '#src/environment/runner.ts';
import { messageOf } from '#src/errors.ts';

export type InstallRequest = Watch & {
  runner: Runner;
  worktreePath: string;
  /** `auto`: what the lockfile says. False: nothing. Else a command. */
  setting: 'auto' | false | string;
  timeoutMs: number;
  /** A folder that the room may write, shared between installs so that later ones are warm. */
  cachePath?: string;
  /** Where installed dependencies are kept for the next worktrees; only for the setting `auto`. */
  prepared?: Omit<PreparedPlace, 'worktreePath' | 'signal'>;
  /** Told why prepared dependencies were not used, or not kept. */
  onDetail?: (line: string) => void;
  env?: Readonly<Record<string, string>>;
};

export type Installed =
  | { outcome: 'installed'; command: string; durationMs: number }
  | { outcome: 'prepared'; durationMs: number }
  | { outcome: 'nothing_to_install'; durationMs: number }
  | Extract<Attempt, { outcome: 'failed' }>;

export async function installDependencies(request: InstallRequest): Promise<Installed> {
  const { worktreePath, setting } = request;
  const found = setting === 'auto' ? await detectPackageManager(worktreePath) : undefined;
  const command = found?.command ?? (setting === 'auto' ? undefined : setting || undefined);
  if (command === undefined) return { outcome: 'nothing_to_install', durationMs: 0 };
  const prepared = found && (await tryPrepared(request, found));
  if (prepared?.durationMs !== undefined) return { outcome: 'prepared', durationMs: prepared.durationMs };
  const done = await runInRoom(request, command);
  if (done.outcome === 'failed') return done;
  await prepared?.keep();
  return { outcome: 'installed', command: done.command, durationMs: done.durationMs };
}

function runInRoom(request: InstallRequest, command: string | readonly string[]): Promise<Attempt> {
  const { runner, timeoutMs, cachePath, onLine, signal } = request;
  const env = { ...request.env, ...(cachePath === undefined ? {} : cacheEnvironment(cachePath, command)) };
  return attempt(runner, command, { network: 'proxy', env, timeoutMs, onLine, signal });
}

/** `durationMs` when the worktree has its dependencies now; else `keep` keeps those that the installer is going to make. */
async function tryPrepared(request: InstallRequest, found: PackageManager) {
  const { worktreePath, signal } = request;
  if (request.prepared === undefined) return undefined;
  const place: PreparedPlace = { ...request.prepared, worktreePath, ...(signal ? { signal } : {}) };
  const startedAt = performance.now();
  const begun = await orSay(request, async () => {
    const key = await preparedKey(place, found);
    if (key === undefined) return undefined;
    const taken = await takePrepared(place, key);
    if (taken === 'spoiled') request.onDetail?.('The prepared dependencies were changed by somebody: installed anew');
    return { key, isTaken: taken === 'taken' && (await finish(request)), home: await listHome(place.homePath) };
  });
  if (begun?.isTaken) return { durationMs: Math.round(performance.now() - startedAt), keep: async () => {} };
  const keep = async () => {
    const why = await orSay(request, async () => begun && capturePrepared(place, begun.key, begun.home));
    if (why) request.onDetail?.(`The dependencies are not kept for other worktrees: ${why}`);
  };
  return { durationMs: undefined, keep };
}

/** What npm itself does after each install; when it fails the installer may do better, and clears the tree first. */
async function finish(request: InstallRequest): Promise<boolean> {
  if (!(await hasPrepareScript(request.worktreePath))) return true;
  return (await runInRoom(request, ['npm', 'run', 'prepare'])).outcome === 'passed';
}

/** Prepared dependencies only save time: whatever goes wrong with them, the installer does its work. */
async function orSay<T>({ signal, onDetail }: InstallRequest, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (e) {
    signal?.throwIfAborted();
    onDetail?.(`Prepared dependencies are left out: ${messageOf(e)}`);
    return undefined;
  }
}

/** Every package manager checks what it takes from its cache against the lockfile's hashes. */
const cacheEnvironment = (folder: string, command: string | readonly string[]): Record<string, string> => ({
  npm_config_cache: `${folder}/npm`,
  ...(command[0] === 'pnpm' ? { npm_config_store_dir: `${folder}/pnpm` } : {}), // npm would warn about it
  // Yarn from 2 on may run programs from its cache, and Go does: theirs lie in the task's home, where tests find them too.
  ...(command.includes('--frozen-lockfile') ? { YARN_CACHE_FOLDER: `${folder}/yarn` } : {}),
  BUN_INSTALL_CACHE_DIR: `${folder}/bun`,
  PIP_CACHE_DIR: `${folder}/pip`,
  UV_CACHE_DIR: `${folder}/uv`,
});
