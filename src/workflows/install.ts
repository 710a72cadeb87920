/** From files to a worktree that can be worked in: dependencies, migrate, build, set-up script; with the caches of its project. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buildCacheVariables, prepareGradle } from '#src/environment/build-cache.ts';
import { installDependencies } from '#src/environment/dependencies.ts';
import { readableCaches } from '#src/environment/package-caches.ts';
import { hostTools, type Runner } from '#src/environment/runner.ts';
import { SentraError } from '#src/errors.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { type Access, withAccess } from '#src/workflows/access.ts';
import { carryIn } from '#src/workflows/carried.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { cachesOf, packagesOf, roomOf, runnerFor, type SetupFacts } from '#src/workflows/room.ts';
import { runTaskSetup, timeoutOf } from '#src/workflows/setup.ts';
import { openSetupSteps, type StepEnd } from '#src/workflows/setup-steps.ts';

/** Dependencies, then the set-up steps. Throws `install_failed` or `setup_failed` with the last lines of what failed. */
export async function install(
  parts: Parts,
  facts: SetupFacts,
  worktreePath: string,
  adwId: string,
  log: Logger,
  signal: AbortSignal,
  /** They came with a worktree that was prepared ahead. */
  hasDependencies = false,
): Promise<{ done: true }> {
  const { taskId } = facts;
  const steps = await openSetupSteps(parts, { taskId, worktreePath }, log);
  const ahead = { outcome: 'prepared', durationMs: 0 } as const;
  await steps.run({ name: 'install', means: String(facts.config.setup.install), tell: toEnd }, async () =>
    hasDependencies ? ahead : bringDependencies(parts, facts, worktreePath, log, signal),
  );
  await carryIn(parts, facts, log);
  await withAccess(parts, { adwId, facts, worktreePath }, async ({ env, sockets }) => {
    const { readingRunner: runner, build } = await openRoom(parts, facts, worktreePath, sockets);
    await runTaskSetup({ parts, facts, runner, worktreePath, env: { ...env, ...build.env }, steps, log }, signal);
  });
  return { done: true };
}

type BroughtDependencies = Exclude<Awaited<ReturnType<typeof installDependencies>>, { outcome: 'failed' }>;

/** Throws `install_failed`. `wrap`: how the installer's commands are run. */
export async function bringDependencies(
  parts: Parts,
  facts: SetupFacts,
  worktreePath: string,
  log: Logger,
  signal: AbortSignal,
  wrap: (runner: Runner) => Runner = (runner) => runner,
): Promise<BroughtDependencies> {
  const { runner, readingRunner, cachePath } = await openRoom(parts, facts, worktreePath);
  const recorder = log.record({ name: 'install', metadata: { kind: 'output', toolUsed: 'install' } });
  const installing = installDependencies({
    runner: wrap(runner),
    readingRunner: wrap(readingRunner),
    worktreePath,
    setting: facts.config.setup.install,
    cachePath,
    prepared: {
      folder: path.join(cachesOf(parts, facts), 'dependencies'),
      homePath: roomOf(parts, facts, worktreePath).homePath,
      searchPath: hostTools(parts.baseEnv).env.PATH,
      limitBytes: facts.config.setup.cacheLimitGb * 1024 ** 3,
    },
    onOutput: recorder.onOutput,
    onDetail: (line) => void log.debug(line, { kind: 'step' }),
    timeoutMs: timeoutOf(facts, 'install'),
    signal,
  });
  const installed = await installing.finally(() => recorder.end());
  signal.throwIfAborted();
  if (installed.outcome === 'failed')
    throw new SentraError(
      'install_failed',
      `Installing dependencies failed: \`${installed.command}\` exited with ${installed.exitCode ?? 'a signal'}. Mend the project or its sentra.json (setup.install), then retry.\n${parts.redactor(installed.tail)}`,
      { details: { wasKilled: installed.wasKilled } },
    );
  if (installed.outcome === 'installed')
    void log.info(`Dependencies installed by \`${installed.command}\` in ${installed.durationMs} ms`, { kind: 'step' });
  if (installed.outcome === 'prepared')
    void log.info(`Dependencies taken from the prepared ones in ${installed.durationMs} ms`, { kind: 'step' });
  return installed;
}

/** For the step's record; nothing to install leaves none. */
function toEnd(installed: BroughtDependencies): StepEnd | undefined {
  if (installed.outcome === 'nothing_to_install') return undefined;
  const isNew = installed.outcome === 'installed';
  return {
    outcome: 'passed',
    ...(isNew ? { command: installed.command, exitCode: 0 } : {}),
    summary: isNew ? 'Installed' : 'Taken from the prepared dependencies',
  };
}

async function openRoom(parts: Parts, facts: SetupFacts, worktreePath: string, sockets: Access['sockets'] = []) {
  // Installs of hook managers write git hooks; here they may, and nothing comes of it: Sentra's commits run none.
  const discarded = ['hooks', 'info'].map((folder) => path.join(facts.project.gitDir, folder));
  // Packages are fetched once for a project. Only installs can write here, and package managers check what they take out.
  const cachePath = packagesOf(parts, facts);
  for (const folder of [cachePath, ...readableCaches(cachePath)]) await mkdir(folder, { recursive: true });
  const build = await openBuildCache(parts, facts, worktreePath);
  const open = (writable: readonly string[]) =>
    runnerFor(parts, facts, worktreePath, { discarded, writable: [...writable, ...build.writable], sockets });
  // The deeper place decides in a room: without them here, what others only read would be closed to installs as well.
  const written = [cachePath, ...readableCaches(cachePath)];
  return { runner: open(written), readingRunner: open([]), cachePath, build };
}

/** What set-up and TEST need to share built parts with the project's other tasks, where it asks for that. */
export async function openBuildCache(parts: Parts, facts: SetupFacts, worktreePath: string) {
  if (!facts.config.setup.buildCache) return { writable: [], env: {} };
  const folder = path.join(cachesOf(parts, facts), 'build');
  await mkdir(folder, { recursive: true });
  const { homePath } = roomOf(parts, facts, worktreePath);
  await mkdir(homePath, { recursive: true, mode: 0o700 });
  await prepareGradle(worktreePath, homePath);
  return { writable: [folder], env: buildCacheVariables(folder, worktreePath) };
}
