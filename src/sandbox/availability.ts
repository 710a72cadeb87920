/** Can processes be confined on this host? Answered by doing it once, and explained for people. */
import { existsSync, readFileSync } from 'node:fs';
import { SentraError } from '#src/errors.ts';
import { type Outcome, run } from '#src/process.ts';
import { deviceArguments } from '#src/sandbox/limits.ts';
import { processArguments } from '#src/sandbox/mounts.ts';

const places = ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap', '/run/current-system/sw/bin/bwrap'];

/** What every room has of its own; it dies with the process that started it. */
export const namespaces = [
  ...['--die-with-parent', '--new-session'],
  ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-net'],
];

/** Where bubblewrap is installed. Fixed places only: a search path could name a folder that an agent can write. */
export const findBubblewrap = (): string | undefined => places.find((path) => existsSync(path));

/** Undefined when a confined process could be started, else what is missing and how to get it. */
export async function explainUnavailable(): Promise<string | undefined> {
  if (process.platform !== 'linux')
    return `Agents cannot be confined on ${process.platform}: the wall needs Linux and bubblewrap. Run Sentra on Linux (a virtual machine or WSL 2 will do), or allow isolation "none" for repositories that you trust.`;
  const bwrap = findBubblewrap();
  if (!bwrap)
    return 'bubblewrap is not installed, so agents cannot be confined. Install it: apt-get install bubblewrap (dnf and pacman have it under the same name).';
  const args = [
    ...namespaces,
    '--ro-bind',
    '/',
    '/',
    ...deviceArguments(undefined, false),
    ...processArguments(),
    'true',
  ];
  const { exitCode, stderr } = await probe(bwrap, args);
  if (exitCode === 0) return undefined;
  return `bubblewrap is installed but cannot confine a process here (${stderr.toString().trim()}). ${namespaceAdvice()}`;
}

/** Whether this bubblewrap can limit folders that it makes in memory: since 0.7. */
export async function canSizeFolders(): Promise<boolean> {
  const bwrap = findBubblewrap();
  if (!bwrap) return false;
  const { stdout } = await probe(bwrap, ['--help']);
  return stdout.includes('--size');
}

const tries = 10;

/**
 * Runs a command until it has ended by itself: one that was ended from outside, as a worker does with all that it has started when it loses
 * its database, or that took too long on a busy host, says nothing about the host.
 */
export async function probe(command: string, args: readonly string[]): Promise<Outcome> {
  for (let count = 1; count <= tries; count++) {
    const outcome = await run({ command, args, cwd: '/', env: { PATH: '/usr/bin:/bin' } }, { timeoutMs: 30_000 });
    if (outcome.endedBy === 'exit') return outcome;
  }
  throw new SentraError(
    'lost',
    `${command} was ended from outside, or took more than 30 s, ${tries} times in a row: whether this host can confine agents is not known. Look at its load, then try again.`,
  );
}

function namespaceAdvice(): string {
  const off = [
    { name: 'kernel.unprivileged_userns_clone', bad: '0', good: '1' },
    { name: 'user.max_user_namespaces', bad: '0', good: '15000' },
    { name: 'kernel.apparmor_restrict_unprivileged_userns', bad: '1', good: '0' },
  ].filter(({ name, bad }) => readSysctl(name) === bad);
  if (off.length === 0)
    return 'In a container, allow it to make namespaces (for Docker: --security-opt seccomp=unconfined --security-opt apparmor=unconfined).';
  return `User namespaces are restricted; allow them: ${off.map(({ name, good }) => `sysctl -w ${name}=${good}`).join(' && ')}.`;
}

function readSysctl(name: string): string | undefined {
  const path = `/proc/sys/${name.replaceAll('.', '/')}`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
