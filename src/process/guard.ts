/**
 * Process groups that must not outlive this process, whatever way it dies: a shell of a few lines knows them, and its input
 * closes when this process dies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

const script = `groups=' '
while read -r sign group; do
  if [ "$sign" = + ]; then groups="$groups$group "
  else groups="\${groups%% $group *} \${groups#* $group }"; fi
done
for group in $groups; do kill -9 "-$group"; done`;

const live = new Set<number>();
let guard: ChildProcess | undefined;

/** Call what comes back when the group has ended: its number may then become another's. */
export function guardGroup(pid: number): () => void {
  tell('+', pid);
  live.add(pid);
  return () => {
    if (live.delete(pid)) tell('-', pid);
  };
}

/** SIGKILL to every process group that may not outlive this process: its last act before it exits. */
export function killAll(): void {
  for (const pid of live) signalGroup(pid, 'SIGKILL');
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (e) {
    // It is gone, or all of it became another user's (macOS says so of one that waits to be buried): out of reach.
    if (!['ESRCH', 'EPERM'].includes((e as NodeJS.ErrnoException).code ?? '')) throw e;
  }
}

function tell(sign: '+' | '-', pid: number): void {
  guard ??= startGuard();
  guard.stdin?.write(`${sign} ${pid}\n`);
}

function startGuard(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', script], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const forget = () => {
    if (guard === child) guard = undefined;
  };
  child.stdin?.on('error', () => {}); // somebody ended it: the next child gets another
  child.once('exit', forget);
  child.once('error', forget);
  child.unref();
  (child.stdin as Socket | null)?.unref();
  for (const pid of live) child.stdin?.write(`+ ${pid}\n`);
  return child;
}
