/** One command of a project, run to its end, as data that a task can show. */
import type { Runner, RunnerOptions } from '#src/environment/runner.ts';
import { SentraError } from '#src/errors.ts';
import type { Outcome, RunOptions } from '#src/process.ts';

export type Watch = Pick<RunOptions, 'onOutput' | 'signal'>;

export type Attempt =
  | { outcome: 'passed'; command: string; durationMs: number }
  | {
      outcome: 'failed';
      command: string;
      exitCode: number | null;
      tail: string;
      durationMs: number;
      /** By somebody else, or for want of memory: the command itself may be sound. */
      wasKilled: boolean;
    };

/** Throws only when it was aborted. `tail` is the last twenty lines, then why it ended if that was not by itself. */
export async function attempt(
  runner: Runner,
  command: string | readonly string[],
  options: RunnerOptions,
): Promise<Attempt> {
  const shown = typeof command === 'string' ? command : command.join(' ');
  const tail = keepTail(options.onLine);
  try {
    const outcome = await runner.run(command, { ...options, onLine: tail.onLine });
    options.signal?.throwIfAborted();
    if (outcome.exitCode === 0) return { outcome: 'passed', command: shown, durationMs: outcome.durationMs };
    const text = [tail.text(), explain(outcome, command, options)].filter(Boolean).join('\n');
    return {
      outcome: 'failed',
      command: shown,
      exitCode: outcome.exitCode,
      tail: text,
      durationMs: outcome.durationMs,
      wasKilled: wasKilled(outcome),
    };
  } catch (e) {
    if (!(e instanceof SentraError && e.code === 'not_found')) throw e;
    const tail = missing(command, e.message);
    return { outcome: 'failed', command: shown, exitCode: null, tail, durationMs: 0, wasKilled: false };
  }
}

/** Shells and the wall tell a signal as 128 and its number. */
const wasKilled = ({ exitCode, endedBy }: Outcome): boolean =>
  endedBy === 'signal' || exitCode === 128 + 9 || exitCode === 128 + 15;

function explain(outcome: Outcome, command: string | readonly string[], options: RunnerOptions): string {
  if (outcome.endedBy === 'timeout') return `It was ended after ${Math.round(options.timeoutMs / 1000)} seconds.`;
  if (outcome.endedBy === 'idle')
    return `It was ended after ${Math.round((options.idleMs ?? 0) / 1000)} seconds of silence.`;
  if (wasKilled(outcome)) return 'It was killed from outside, or for want of memory.';
  const words = `${outcome.stderr}`.slice(-2000);
  return /execvp|not found|No such file/.test(words) && outcome.exitCode === 127 ? missing(command, '') : '';
}

function missing(command: string | readonly string[], message: string): string {
  const program = typeof command === 'string' ? command : command[0];
  return `${message} Is ${program} installed on this host? Install it (rooms see nothing of your home but what version managers installed and SENTRA_TOOLS names), or set another command under "setup" in sentra.json.`.trim();
}

/** The last lines of what is passed on, without npm's help: it prints a hundred lines of that below what is wrong. */
export function keepTail(onLine: RunOptions['onLine'], count = 20) {
  const lines: string[] = [];
  let inHelp = false;
  return {
    onLine: (line: string, stream: 'stdout' | 'stderr') => {
      const taken = onLine?.(line, stream);
      if (/^npm (error|ERR!) Usage:$/.test(line)) inHelp = true;
      if (!inHelp) lines.push(line);
      if (lines.length > count) lines.shift();
      if (/^npm (error|ERR!) Run "npm help /.test(line)) inHelp = false;
      return taken;
    },
    text: (): string => lines.join('\n').trim(),
  };
}
