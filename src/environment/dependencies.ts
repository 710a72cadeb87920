/** Installs a worktree's dependencies. A failed install is an outcome for the caller to judge, not an exception. */
import path from 'node:path';
import { type Attempt, attempt, type Watch } from '#src/environment/attempt.ts';
import { enforceLimit, installVariables, markUsed, whileUsed } from '#src/environment/package-caches.ts';
import { detectPackageManager, type PackageManager } from '#src/environment/package-manager.ts';
import { type Kept, openKept } from '#src/environment/prepared-kept.ts';
import type { PreparedPlace } from '#src/environment/prepared-place.ts';
import type { Runner } from '#src/environment/runner.ts';
import { messageOf } from '#src/errors.ts';

export type InstallRequest = Watch & {
  runner: Runner;
  /** Sees the package caches and cannot write them: for installs that find everything there. */
  readingRunner?: Runner;
  worktreePath: string;
  /** `auto`: what the lockfile says. False: nothing. Else a command. */
  setting: 'auto' | false | string;
  timeoutMs: number;
  /** A folder that the room may write, shared between installs so that later ones are warm. */
  cachePath?: string;
  /** Where installed dependencies are kept for the next worktrees; only for the setting `auto`. */
  prepared?: Omit<PreparedPlace, 'worktreePath' | 'signal'> & {
    /** Of both together; above it what was not used for longest goes. */
    limitBytes?: number;
  };
  /** Told why prepared dependencies were not used, or not kept. */
  onDetail?: (line: string) => void;
  env?: Readonly<Record<string, string>>;
};

export type Installed =
  | { outcome: 'installed'; command: string; durationMs: number }
  | { outcome: 'prepared'; durationMs: number }
  | { outcome: 'nothing_to_install'; durationMs: number }
  | Extract<Attempt, { outcome: 'failed' }>;

const defaultLimitBytes = 20 * 1024 ** 3;

export async function installDependencies(request: InstallRequest): Promise<Installed> {
  const { worktreePath, setting, cachePath } = request;
  const found = setting === 'auto' ? await detectPackageManager(worktreePath) : undefined;
  const command = found?.command ?? (setting === 'auto' ? undefined : setting || undefined);
  if (command === undefined) return { outcome: 'nothing_to_install', durationMs: 0 };
  let key: string | undefined;
  const done = await whileUsed(cachePath ?? worktreePath, async () => {
    const kept = found && (await openFor(request, found));
    key = kept?.key;
    return kept ? installOnce(request, kept) : runInRoom(request, command, found).then(toInstalled);
  });
  // Not before it is through: nothing of what an install works with is removed.
  if (done.outcome === 'installed') await orSay(request, () => limit(request, found?.manager, key));
  return done;
}

async function openFor(request: InstallRequest, how: PackageManager): Promise<Kept | undefined> {
  const place = placeFor(request);
  const store = request.cachePath && path.join(request.cachePath, 'pnpm');
  return place && orSay(request, () => openKept(place, how, store));
}

function placeFor({ prepared, worktreePath, signal }: InstallRequest): PreparedPlace | undefined {
  if (prepared === undefined) return undefined;
  const { limitBytes: _, ...place } = prepared;
  return { ...place, worktreePath, ...(signal ? { signal } : {}) };
}

const installing = new Map<string, Promise<unknown>>();

/** Of several with one key the first installs, and the others take what it made. */
async function installOnce(request: InstallRequest, kept: Kept): Promise<Installed> {
  const startedAt = performance.now();
  const taken = (): Installed => ({ outcome: 'prepared', durationMs: Math.round(performance.now() - startedAt) });
  await orSay(request, kept.clearHalfDone);
  if (await take(request, kept)) return taken();
  const first = installing.get(kept.id);
  if (first) {
    await Promise.race([first, aborted(request.signal)]);
    if (await take(request, kept)) return taken();
  }
  const mine = installAndKeep(request, kept);
  const settled = mine.catch(() => {}); // whoever waits installs for itself then
  if (!installing.has(kept.id)) installing.set(kept.id, settled);
  try {
    return await mine;
  } finally {
    if (installing.get(kept.id) === settled) installing.delete(kept.id);
  }
}

async function take(request: InstallRequest, kept: Kept): Promise<boolean> {
  const reading = request.readingRunner ?? request.runner;
  const run = (command: readonly string[]) => runInRoom({ ...request, runner: reading }, command, kept.how);
  const taken = await orSay(request, () => kept.take(run));
  if (taken === 'spoiled') request.onDetail?.('The prepared dependencies were changed by somebody: installed anew');
  return taken === 'taken' && (await finish(request, kept));
}

async function installAndKeep(request: InstallRequest, kept: Kept): Promise<Installed> {
  const done = toInstalled(await runInRoom(request, kept.how.command, kept.how));
  if (done.outcome === 'failed') return done;
  const why = await orSay(request, kept.keep);
  if (why) request.onDetail?.(`The dependencies are not kept for other worktrees: ${why}`);
  return done;
}

const toInstalled = (done: Attempt): Installed =>
  done.outcome === 'failed' ? done : { outcome: 'installed', command: done.command, durationMs: done.durationMs };

function runInRoom(
  request: InstallRequest,
  command: string | readonly string[],
  how?: PackageManager,
): Promise<Attempt> {
  const { runner, timeoutMs, cachePath, prepared, onOutput, signal } = request;
  const variables = cachePath === undefined ? {} : installVariables(cachePath, prepared?.homePath, how);
  return attempt(runner, command, {
    network: 'proxy',
    env: { ...variables, ...request.env },
    timeoutMs,
    onOutput,
    signal,
  });
}

/** What managers themselves do after each install; when it fails the installer may do better, and clears the tree first. */
async function finish(request: InstallRequest, kept: Kept): Promise<boolean> {
  const command = await kept.lastCommand();
  return command === undefined || (await runInRoom(request, command, kept.how)).outcome === 'passed';
}

async function limit(request: InstallRequest, manager: string | undefined, key: string | undefined): Promise<void> {
  const { cachePath, prepared } = request;
  const place = placeFor(request);
  if (cachePath === undefined || place === undefined) return;
  await markUsed(cachePath, manager);
  const limitBytes = prepared?.limitBytes ?? defaultLimitBytes;
  const gone = await enforceLimit({ place, packages: cachePath, limitBytes, ...(key ? { keep: key } : {}) });
  for (const line of gone) request.onDetail?.(`The project's caches are over their limit; removed ${line}`);
}

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason), { once: true }));

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
