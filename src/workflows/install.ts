/** From files to a worktree that can be worked in: dependencies, migrate, build, set-up script; with the caches of its project. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { buildCacheVariables } from '#src/environment/build-cache.ts';
import { installDependencies } from '#src/environment/dependencies.ts';
import { hostTools } from '#src/environment/runner.ts';
import { runSetup } from '#src/environment/setup.ts';
import { SentraError } from '#src/errors.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { portVariables } from '#src/workflows/environment.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { roomOf, runnerFor, type SetupFacts } from '#src/workflows/room.ts';

/** Dependencies, then the set-up steps. Throws `install_failed` or `setup_failed` with the last lines of what failed. */
export async function install(
  parts: Parts,
  facts: SetupFacts,
  worktreePath: string,
  ports: Record<string, number>,
  log: Logger,
  signal: AbortSignal,
): Promise<{ done: true }> {
  // Installs of hook managers write git hooks; here they may, and nothing comes of it: Sentra's commits run none.
  const discarded = ['hooks', 'info'].map((folder) => path.join(facts.project.gitDir, folder));
  // Packages are fetched once for a project. Only installs can write here, and package managers check what they take out.
  const cachePath = path.join(cachesOf(parts, facts), 'packages');
  await mkdir(cachePath, { recursive: true });
  const build = await openBuildCache(parts, facts, worktreePath);
  const runner = runnerFor(parts, facts, worktreePath, { discarded, writable: [cachePath, ...build.writable] });
  const timeoutMs = facts.config.limits.phaseTimeoutMinutes * 60_000;
  const onLine = (line: string) => void log.info(line, { kind: 'output', toolUsed: 'install' });
  const installed = await installDependencies({
    runner,
    worktreePath,
    setting: facts.config.setup.install,
    cachePath,
    prepared: {
      folder: path.join(cachesOf(parts, facts), 'dependencies'),
      homePath: roomOf(parts, facts, worktreePath).homePath,
      searchPath: hostTools(parts.baseEnv).env.PATH,
    },
    onLine,
    onDetail: (line) => void log.debug(line, { kind: 'step' }),
    timeoutMs,
    signal,
  });
  signal.throwIfAborted();
  if (installed.outcome === 'failed')
    throw new SentraError(
      'install_failed',
      `Installing dependencies failed: \`${installed.command}\` exited with ${installed.exitCode ?? 'a signal'}. Mend the project or its sentra.json (setup.install), then retry.\n${installed.tail}`,
    );
  if (installed.outcome === 'installed')
    void log.info(`Dependencies installed by \`${installed.command}\` in ${installed.durationMs} ms`, { kind: 'step' });
  if (installed.outcome === 'prepared')
    void log.info(`Dependencies taken from the prepared ones in ${installed.durationMs} ms`, { kind: 'step' });
  const steps = await runSetup({
    runner,
    worktreePath,
    setup: facts.config.setup,
    env: { ...portVariables(ports), ...build.env },
    onLine,
    timeoutMs,
    signal,
  });
  const failed = steps.find((s) => s.outcome === 'failed');
  if (failed)
    throw new SentraError(
      'setup_failed',
      `Set-up step "${failed.name}" failed: \`${failed.command}\` exited with ${failed.exitCode ?? 'a signal'}. Mend it, then retry.\n${failed.tail}`,
    );
  return { done: true };
}

/** Of one project: what one of its tasks leaves here is for its other tasks only. */
const cachesOf = (parts: Parts, facts: SetupFacts): string => path.join(parts.home, 'caches', facts.project.id);

/** What set-up and TEST need to share built parts with the project's other tasks, where it asks for that. */
export async function openBuildCache(parts: Parts, facts: SetupFacts, worktreePath: string) {
  if (!facts.config.setup.buildCache) return { writable: [], env: {} };
  const folder = path.join(cachesOf(parts, facts), 'build');
  await mkdir(folder, { recursive: true });
  return { writable: [folder], env: buildCacheVariables(folder, worktreePath) };
}
