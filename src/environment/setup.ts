/** What a project wants done in a fresh worktree after its dependencies: migrate, build, its own script. In this order. */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { type Attempt, attempt, type Watch } from '#src/environment/attempt.ts';
import type { Runner } from '#src/environment/runner.ts';

export type SetupRequest = Watch & {
  runner: Runner;
  worktreePath: string;
  /** The `setup` of sentra.json. */
  setup: { migrate?: string; build?: string; script?: string };
  env?: Readonly<Record<string, string>>;
  /** For each of them. */
  timeoutMs: number;
};

export type SetupStep = { name: 'migrate' | 'build' | 'script' } & Attempt;

const defaultScript = 'scripts/setup-worktree.sh';

/** Answers what was run, in order; the first that fails is the last. */
export async function runSetup(request: SetupRequest): Promise<SetupStep[]> {
  const { runner, worktreePath, setup, env, timeoutMs, onLine, signal } = request;
  const options = { network: 'proxy', env, timeoutMs, onLine, signal } as const;
  const commands = { migrate: setup.migrate, build: setup.build } as const;
  const done: SetupStep[] = [];
  for (const name of ['migrate', 'build'] as const) {
    const command = commands[name];
    if (command === undefined) continue;
    done.push({ name, ...(await attempt(runner, command, options)) });
    if (done.at(-1)?.outcome === 'failed') return done;
  }
  const script = setup.script ?? defaultScript; // looked for after the build, which may have made it
  const program = await scriptCommand(worktreePath, script);
  if (program) done.push({ name: 'script', ...(await attempt(runner, program, options)) });
  else if (setup.script !== undefined) done.push({ name: 'script', ...absent(script) });
  return done;
}

/** A regular file inside the worktree, called by its own first line when it is executable, else by the shell. */
async function scriptCommand(worktreePath: string, script: string): Promise<string[] | undefined> {
  const root = await realpath(worktreePath);
  const place = path.resolve(root, script);
  const stat = await lstat(place).catch(() => undefined);
  if (!stat?.isFile() || (await realpath(place)) !== place || !place.startsWith(`${root}${path.sep}`)) return undefined;
  const relative = `./${path.relative(root, place)}`;
  return stat.mode & 0o100 ? [relative] : ['/bin/sh', relative];
}

const absent = (script: string): Attempt => ({
  outcome: 'failed',
  command: script,
  exitCode: null,
  tail: `The set-up script ${script} of sentra.json is no regular file inside the worktree. Commit it, or correct setup.script.`,
  durationMs: 0,
});
