/**
 * What of the host's disk is inside a room, as arguments of bubblewrap. The one idea: hidden folders and folders brought
 * back are one list, mounted parents first, so that a deeper path always decides over a shallower one.
 */
import { existsSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import type { Room, RoomGit } from '#src/sandbox/sandbox.ts';

type Mount = { path: string; kind: 'hide' | 'read' | 'write' };

const kindOrder = { hide: 0, read: 1, write: 2 };

/** `hidden`: folders of ours that no room may see. `sizeOf`: arguments that limit a folder in memory. */
type Settings = { hidden: readonly string[]; sizeOf?: (path: string) => string[]; git?: RoomGit | undefined };

/** Mount arguments for a room. */
export function mountArguments(room: Room, { hidden, sizeOf = () => [], git }: Settings): string[] {
  const hides = hiddenPaths([...hidden, room.repositoryPath, git && room.gitDir].filter((path) => path !== undefined));
  const mounts: Mount[] = [
    ...hides.map((path): Mount => ({ path, kind: 'hide' })),
    ...[...runtimePaths(hides), ...(room.readable ?? []), ...(git ? [git.objects] : [])].map(
      (path): Mount => ({ path, kind: 'read' }),
    ),
    ...[room.homePath, room.worktreePath, ...(room.writable ?? [])].map((path): Mount => ({ path, kind: 'write' })),
  ];
  const shown = inOrder(mounts.flatMap(existing));
  // The repository's own data comes last: nothing above may make it writable again.
  const guarded = [git ? undefined : room.gitDir, join(room.worktreePath, '.git')].flatMap((path): Mount[] =>
    path ? existing({ path, kind: 'read' }) : [],
  );
  const own = git ? ['--bind', git.folder, git.inside] : [];
  const secrets = secretFiles.flatMap((path): string[] => (existsSync(path) ? ['--ro-bind', '/dev/null', path] : []));
  const isThere = (path: string) => !(git && room.gitDir && isWithin(path, room.gitDir));
  const discarded = (room.discarded ?? []).filter(isThere).flatMap((path) => existing({ path, kind: 'hide' }));
  const withSize = (mount: Mount) => [...(mount.kind === 'hide' ? sizeOf(mount.path) : []), ...toArguments(mount)];
  return [...secrets, ...[...shown, ...guarded, ...discarded].flatMap(withSize), ...own];
}

/** What root could read, and others of the server's group: no program of a project has any business there. */
const secretFolders = [
  ...['/etc/ssh', '/etc/ssl/private', '/etc/kubernetes', '/etc/wireguard', '/etc/letsencrypt', '/etc/sudoers.d'],
  ...[
    '/etc/NetworkManager',
    '/var/backups',
    '/var/lib/docker',
    '/var/lib/kubelet',
    '/var/lib/postgresql',
    '/var/lib/mysql',
  ],
  ...['/var/log', '/var/spool', '/var/mail', '/mnt', '/media'],
];
const secretFiles = ['/etc/shadow', '/etc/shadow-', '/etc/gshadow', '/etc/gshadow-', '/etc/krb5.keytab'];

const hiddenPaths = (more: readonly string[]): string[] => [
  ...new Set(
    ['/tmp', '/run', '/var/tmp', '/root', '/home', ...secretFolders, homedir(), ...more].filter((path) => path !== '/'),
  ),
];

/** This Node.js with the npm beside it, where its folder would be hidden. */
function runtimePaths(hides: readonly string[]): string[] {
  const node = realpathSync(process.execPath);
  const npm = join(dirname(node), '..', 'lib', 'node_modules', 'npm');
  const links = ['npm', 'npx'].map((name) => join(dirname(node), name));
  return [node, npm, ...links].filter((path) => hides.some((hide) => isWithin(path, hide)));
}

function existing(mount: Mount): Mount[] {
  if (!existsSync(mount.path)) return [];
  return [{ ...mount, path: realpathSync(mount.path) }];
}

function inOrder(mounts: readonly Mount[]): Mount[] {
  const depth = (path: string) => path.split(sep).length;
  return [...mounts].sort((a, b) => depth(a.path) - depth(b.path) || kindOrder[a.kind] - kindOrder[b.kind]);
}

/** What of /proc is the kernel's and not of processes: root could set its values, and what it starts when a program crashes. */
const kernelPlaces = [
  '/proc/sys',
  '/proc/sysrq-trigger',
  '/proc/irq',
  '/proc/bus',
  '/proc/fs',
  '/proc/driver',
  '/proc/scsi',
];
const kernelSecrets = ['/proc/keys', '/proc/key-users', '/proc/kcore', '/proc/kallsyms', '/proc/timer_list'];

/** /proc with the room's own processes. */
export const processArguments = (): string[] => [
  ...['--proc', '/proc'],
  ...kernelPlaces.filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', path, path]),
  ...kernelSecrets.filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', '/dev/null', path]),
];

function toArguments({ path, kind }: Mount): string[] {
  if (kind === 'hide') return ['--tmpfs', path];
  return [kind === 'read' ? '--ro-bind' : '--bind', path, path];
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);
