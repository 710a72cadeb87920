/**
 * kill -9 at random moments: a program of ours is started, killed somewhere on its way, and what it left is looked at, again and
 * again. `SENTRA_TEST_KILLS=200` makes the few kills of a test run many; `SENTRA_TEST_SEED` repeats a run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

export type Mortal = {
  /** A module of ours; gets `argument` as JSON in `process.argv[2]`. */
  program: string;
  argument: unknown;
};

export type Killed = {
  /** The lines that it had printed. */
  lines: string[];
  /** It was through before the kill came. */
  hasEnded: boolean;
};

export const seed = Number(process.env.SENTRA_TEST_SEED ?? Date.now() % 1_000_000);
export const killCount = (few: number): number => Number(process.env.SENTRA_TEST_KILLS ?? few);

/** Runs the program to its end, to know how long it takes; throws when it fails. */
export async function timeWhole(mortal: Mortal): Promise<number> {
  const startedAt = performance.now();
  const { hasEnded, lines } = await killAfter(mortal, null);
  if (!hasEnded) throw new Error(`${mortal.program} failed: ${lines.join('\n')}`);
  return performance.now() - startedAt;
}

/** `ms`: counted from its start; null lets it end. Its children are left to what the program does about them. */
export async function killAfter({ program, argument }: Mortal, ms: number | null): Promise<Killed> {
  const child = spawn(process.execPath, [program, JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const ended = once(child, 'exit');
  if (ms !== null) {
    await Promise.race([ended, delay(ms)]);
    child.kill('SIGKILL');
  }
  const [exitCode] = await ended;
  return { lines: text.split('\n').slice(0, -1), hasEnded: exitCode === 0 };
}
