/**
 * What a project wants done in a fresh worktree after its dependencies: migrate, build, its own script. In this order, each a
 * step of its own with its own time limit; the caller may stand around each one, to tell of it or to leave out what is done.
 */
import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { type Attempt, attempt, type Watch } from '#src/environment/attempt.ts';
import type { Runner, RunnerOptions } from '#src/environment/runner.ts';

export type CommandStep = 'migrate' | 'build' | 'script';

export type SetupRequest = {
  runner: Runner;
  worktreePath: string;
  /** The `setup` of sentra.json. */
  setup: { migrate?: string | undefined; build?: string | undefined; script?: string | undefined };
  env?: Readonly<Record<string, string>>;
  timeoutMs(name: CommandStep): number;
  onOutput?(name: CommandStep, chunk: Buffer, stream: 'stdout' | 'stderr'): unknown;
  /** Stands around each step; answers what it came to. */
  around?(step: { name: CommandStep; command: string }, act: () => Promise<Attempt>): Promise<Attempt>;
  signal?: Watch['signal'];
};

export type SetupStep = { name: CommandStep } & Attempt;

const defaultScript = 'scripts/setup-worktree.sh';

/** Answers what was run, in order; the first that fails is the last. */
export async function runSetup(request: SetupRequest): Promise<SetupStep[]> {
  const { worktreePath, setup } = request;
  const done: SetupStep[] = [];
  for (const name of ['migrate', 'build'] as const) {
    const command = setup[name];
    if (command === undefined) continue;
    done.push(await runOne(request, name, command));
    if (done.at(-1)?.outcome === 'failed') return done;
  }
  const script = setup.script ?? defaultScript; // looked for after the build, which may have made it
  const program = await scriptCommand(worktreePath, script);
  if (program || setup.script !== undefined) done.push(await runOne(request, 'script', program ?? absent(script)));
  return done;
}

async function runOne(
  { runner, env, timeoutMs, onOutput, around, signal }: SetupRequest,
  name: CommandStep,
  command: string | string[] | Attempt,
): Promise<SetupStep> {
  const options: RunnerOptions = {
    network: 'proxy',
    ...(env ? { env } : {}),
    timeoutMs: timeoutMs(name),
    onOutput: (chunk, stream) => onOutput?.(name, chunk, stream),
    ...(signal ? { signal } : {}),
  };
  const isKnown = typeof command === 'object' && 'outcome' in command;
  const shown = isKnown ? command.command : [command].flat().join(' ');
  const act = async () => (isKnown ? command : attempt(runner, command, options));
  return { name, ...(around ? await around({ name, command: shown }, act) : await act()) };
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
  wasKilled: false,
});
