/**
 * The wall: bubblewrap around a whole process tree. Owns what is mounted (mounts.ts), the room's network (a namespace of
 * its own, always), the ways out of it (unix sockets of ours, which a relay inside offers on fixed ports), the one way in
 * (doors: a relay inside offers a port of the room as a unix socket), and its limits (limits.ts, room-watch.ts). The room's
 * environment is the one bubblewrap itself is given, never arguments, which every user of the host can read. All of it dies
 * with the process that started it.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import type { Command } from '#src/process.ts';
import { canSizeFolders, explainUnavailable, findBubblewrap, namespaces } from '#src/sandbox/availability.ts';
import { deviceArguments, enterLimits, sizeArguments } from '#src/sandbox/limits.ts';
import { mountArguments, processArguments } from '#src/sandbox/mounts.ts';
import { openProxies } from '#src/sandbox/proxies.ts';
import type { EgressProxy } from '#src/sandbox/proxy.ts';
import { findRelay, type RelayProgram } from '#src/sandbox/relay-program.ts';
import { createRoomWatch } from '#src/sandbox/room-watch.ts';
import { type Room, type RoomGit, type Sandbox, socketInside } from '#src/sandbox/sandbox.ts';
import { seccompFilter } from '#src/sandbox/seccomp.ts';
import { makeSocketFolder } from '#src/sandbox/sockets.ts';

const modelPort = 8080;
const proxyPort = 3128;
const insideOf = (relay: RelayProgram): string => `/run/sentra/${basename(relay.file)}`;
const doorsInside = '/run/sentra/doors';

/** What root keeps inside: enough to work on files, too little to mount, trace, or make devices. */
const rootCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'NET_BIND_SERVICE'];

/** `stateDir` and `hidden` are never seen from inside. */
export function createSandbox(options: { stateDir: string; hidden?: readonly string[] }): Sandbox {
  const hidden = [options.stateDir, ...(options.hidden ?? [])];
  const own = keepFolder();
  const proxies = openProxies(own.folder);
  const watch = createRoomWatch();
  let answer: Promise<Host> | undefined;
  const examine = () => {
    answer ??= examineHost().catch((e) => {
      answer = undefined; // not known: asked again the next time
      throw e;
    });
    return answer;
  };
  return {
    modelPort,
    unavailable: async () => (await examine()).reason,
    async confine(command, room) {
      const { reason, hasSize, relay } = await examine();
      const bwrap = findBubblewrap();
      if (reason !== undefined || !bwrap)
        throw new SentraError('isolation_unavailable', reason ?? 'bubblewrap is gone.');
      await mkdir(room.homePath, { recursive: true, mode: 0o700 });
      const git = await room.privateGit?.();
      const proxy = room.network === 'proxy' ? await proxies.open(room.egress) : undefined;
      const exits = listExits(room, proxy);
      const wall = wallArguments(room, { hidden, exits, hasSize, relay, git });
      const status = join(await own.folder(), randomUUID());
      return {
        ...command,
        command: '/bin/sh',
        args: [
          ...withFiles(bwrap, { status, filter: await own.filter() }),
          ...[...wall, '--chdir', command.cwd, '--', ...withEntry(command, room, { exits, relay })],
        ],
        cwd: '/',
        env: { ...command.env, HOME: room.homePath, TMPDIR: '/tmp', ...(proxy ? proxyEnv : {}) },
        watch: (program) => {
          const { limits, onLimit } = room;
          const folders = [room.worktreePath, room.homePath, ...(git ? [git.folder] : [])];
          const unwatch = limits && watch.watch(program, { limits, onLimit, folders });
          return () => {
            unwatch?.();
            endFirst(status);
            void proxy?.close();
            void git?.remove();
          };
        },
      };
    },
    async close() {
      watch.close();
      await proxies.close();
      await own.remove();
    },
  };
}

/** What this host has for rooms; `reason`: why there are none. */
type Host = { reason: string | undefined; hasSize: boolean; relay: RelayProgram };

async function examineHost(): Promise<Host> {
  const [reason, hasSize, relay] = await Promise.all([explainUnavailable(), canSizeFolders(), findRelay()]);
  return { reason, hasSize, relay };
}

/** A folder of ours for sockets, and for the filter, which bubblewrap reads from a file. Made when it is needed. */
function keepFolder() {
  let folder: Promise<string> | undefined;
  let filter: Promise<string | undefined> | undefined;
  const make = () => {
    folder ??= makeSocketFolder();
    return folder;
  };
  const write = async () => {
    const bytes = seccompFilter();
    if (!bytes) return undefined;
    const file = join(await make(), 'seccomp');
    await writeFile(file, bytes);
    return file;
  };
  return {
    folder: make,
    filter: () => {
      filter ??= write();
      return filter;
    },
    remove: async () => {
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}

/**
 * A shell opens files for bubblewrap and becomes it; what we start ourselves has no more than its three streams. `status`: where it writes
 * which process is the first inside.
 */
const withFiles = (bwrap: string, { status, filter }: { status: string; filter: string | undefined }): string[] =>
  filter === undefined
    ? ['-c', 'exec 8>"$0"; exec "$@"', status, bwrap, '--json-status-fd', '8']
    : ['-c', 'exec 8>"$0" 9<"$1"; shift; exec "$@"', status, filter, bwrap, '--json-status-fd', '8', '--seccomp', '9'];

/**
 * The first process inside asks to die with the one outside when the room is ready. One whose outer process was ended before that would
 * stay for ever, and it is in no group of ours any more: it is ended by its number, and with it all that is inside.
 */
function endFirst(status: string): void {
  try {
    const pid = /"child-pid": *(\d+)/.exec(readFileSync(status, 'utf8'))?.[1];
    const about = readFileSync(`/proc/${pid}/status`, 'utf8');
    // Its number in the innermost namespace comes last; the name is still bubblewrap's own.
    if (/^Name:\tbwrap$/m.test(about) && /^NSpid:.*\t1$/m.test(about)) process.kill(Number(pid), 'SIGKILL');
  } catch {
    // it had not come so far, or it is gone
  }
  rmSync(status, { force: true });
}

/** `socket`: what of the host is mounted at `inside`; undefined where a folder of it is mounted already. */
type Exit = { port: number; socket?: string; inside: string };

function listExits(room: Room, proxy: EgressProxy | undefined): Exit[] {
  const exits: Exit[] = [];
  if (room.modelSocket) exits.push({ port: modelPort, socket: room.modelSocket, inside: '/run/sentra/model.sock' });
  if (proxy) exits.push({ port: proxyPort, socket: proxy.socketPath, inside: '/run/sentra/proxy.sock' });
  for (const { port, socket } of room.sockets ?? []) exits.push({ port, socket, inside: socketInside(port) });
  for (const port of room.doors?.reaches ?? []) exits.push({ port, inside: doorOf(port) });
  return exits;
}

const doorOf = (port: number): string => `${doorsInside}/${port}.sock`;

type Surroundings = Pick<Host, 'hasSize' | 'relay'> & {
  hidden: readonly string[];
  exits: readonly Exit[];
  git?: RoomGit | undefined;
};

function wallArguments(room: Room, { hidden, exits, hasSize, relay, git }: Surroundings): string[] {
  const relayed = needsRelay(room, exits) ? ['--ro-bind', relay.file, insideOf(relay)] : [];
  const doors = room.doors ? [room.doors.serves ? '--bind' : '--ro-bind', room.doors.folder, doorsInside] : [];
  return [
    ...namespaces,
    ...(process.getuid?.() === 0
      ? ['--cap-drop', 'ALL', ...rootCapabilities.flatMap((c) => ['--cap-add', `CAP_${c}`])]
      : []),
    ...['--ro-bind', '/', '/', ...deviceArguments(room.limits, hasSize), ...processArguments()],
    ...mountArguments(room, { hidden, git, sizeOf: (path) => sizeArguments(path, room.limits, hasSize) }),
    ...relayed,
    ...doors,
    ...exits.flatMap(({ socket, inside }) => (socket ? ['--bind', socket, inside] : [])),
  ];
}

const needsRelay = ({ doors }: Room, exits: readonly Exit[]): boolean =>
  exits.length > 0 || doors?.serves !== undefined;

/** The relay is nobody's child but the room's first process, and ready before the command starts. */
const startRelay = `mkfifo /run/sentra/ready || exit 126
( env -i "$1" "$2" $3 </dev/null >/run/sentra/ready 2>/dev/null & )
read -r state </run/sentra/ready
rm -f /run/sentra/ready
[ "$state" = ready ] || { echo "The relay of the room did not start." >&2; exit 126; }
shift 3
`;

/** What goes before the command in the room. */
function withEntry(command: Command, room: Room, { exits, relay }: Pick<Surroundings, 'exits' | 'relay'>): string[] {
  const own = [command.command, ...command.args];
  const enter = enterLimits(room.limits);
  if (!needsRelay(room, exits)) return room.limits ? ['/bin/sh', '-c', enter, 'sh', ...own] : own;
  const serves = room.doors?.serves;
  const pairs = [
    ...exits.map(({ port, inside }) => `${port}=${inside}`),
    ...(serves === undefined ? [] : [`${doorOf(serves)}=${serves}`]),
  ];
  return ['/bin/sh', '-c', `${startRelay}${enter}`, 'sh', relay.interpreter, insideOf(relay), pairs.join(' '), ...own];
}

const proxyUrl = `http://127.0.0.1:${proxyPort}`;
const proxyEnv = {
  HTTP_PROXY: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  https_proxy: proxyUrl,
  YARN_HTTP_PROXY: proxyUrl, // Yarn from 2 on reads no others
  YARN_HTTPS_PROXY: proxyUrl,
  NO_PROXY: '127.0.0.1,localhost',
  no_proxy: '127.0.0.1,localhost',
  NODE_USE_ENV_PROXY: '1',
};
