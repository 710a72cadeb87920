/**
 * The wall: bubblewrap around a whole process tree. Owns what is mounted (mounts.ts), the room's network (a namespace of
 * its own, always), the ways out of it (unix sockets of ours, which a relay inside offers on fixed ports) and the one way in
 * (doors: a relay inside offers a port of the room as a unix socket). The room's environment is the one bubblewrap itself is
 * given, never arguments, which every user of the host can read. All of it dies with the process that started it.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import type { Command } from '#src/process.ts';
import { explainUnavailable, findBubblewrap, namespaces } from '#src/sandbox/availability.ts';
import { mountArguments } from '#src/sandbox/mounts.ts';
import { type EgressProxy, startProxy } from '#src/sandbox/proxy.ts';
import type { Room, Sandbox } from '#src/sandbox/sandbox.ts';
import { makeSocketFolder } from '#src/sandbox/sockets.ts';

const modelPort = 8080;
const proxyPort = 3128;
const relayInside = '/run/sentra/relay.mjs';
const doorsInside = '/run/sentra/doors';

/** What root keeps inside: enough to work on files, too little to mount, trace, or make devices. */
const rootCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'NET_BIND_SERVICE'];

/** `stateDir` and `hidden` are never seen from inside. */
export function createSandbox(options: { stateDir: string; hidden?: readonly string[] }): Sandbox {
  const hidden = [options.stateDir, ...(options.hidden ?? [])];
  const proxy = startOnFirstUse();
  let answer: Promise<string | undefined> | undefined;
  const unavailable = () => {
    answer ??= explainUnavailable();
    return answer;
  };
  return {
    modelPort,
    unavailable,
    async confine(command, room) {
      const reason = await unavailable();
      const bwrap = findBubblewrap();
      if (reason !== undefined || !bwrap)
        throw new SentraError('isolation_unavailable', reason ?? 'bubblewrap is gone.');
      await mkdir(room.homePath, { recursive: true, mode: 0o700 });
      const exits = await listExits(room, proxy.get);
      return {
        ...command,
        command: bwrap,
        args: [...wallArguments(room, hidden, exits), '--chdir', command.cwd, '--', ...withRelay(command, room, exits)],
        cwd: '/',
        env: { ...command.env, HOME: room.homePath, TMPDIR: '/tmp', ...(room.network === 'proxy' ? proxyEnv : {}) },
      };
    },
    close: proxy.close,
  };
}

/** `socket`: what of the host is mounted at `inside`; undefined where a folder of it is mounted already. */
type Exit = { port: number; socket?: string; inside: string };

async function listExits(room: Room, proxy: () => Promise<EgressProxy>): Promise<Exit[]> {
  const exits: Exit[] = [];
  if (room.modelSocket) exits.push({ port: modelPort, socket: room.modelSocket, inside: '/run/sentra/model.sock' });
  if (room.network === 'proxy')
    exits.push({ port: proxyPort, socket: (await proxy()).socketPath, inside: '/run/sentra/proxy.sock' });
  for (const { port, socket } of room.sockets ?? []) exits.push({ port, socket, inside: `/run/sentra/${port}.sock` });
  for (const port of room.doors?.reaches ?? []) exits.push({ port, inside: doorOf(port) });
  return exits;
}

const doorOf = (port: number): string => `${doorsInside}/${port}.sock`;

function wallArguments(room: Room, hidden: readonly string[], exits: readonly Exit[]): string[] {
  const relay = needsRelay(room, exits) ? ['--ro-bind', join(import.meta.dirname, 'relay.mjs'), relayInside] : [];
  const doors = room.doors ? [room.doors.serves ? '--bind' : '--ro-bind', room.doors.folder, doorsInside] : [];
  return [
    ...namespaces,
    ...(process.getuid?.() === 0
      ? ['--cap-drop', 'ALL', ...rootCapabilities.flatMap((c) => ['--cap-add', `CAP_${c}`])]
      : []),
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...mountArguments(room, hidden),
    ...relay,
    ...doors,
    ...exits.flatMap(({ socket, inside }) => (socket ? ['--bind', socket, inside] : [])),
  ];
}

const needsRelay = ({ doors }: Room, exits: readonly Exit[]): boolean =>
  exits.length > 0 || doors?.serves !== undefined;

/** The relay is nobody's child but the room's first process, and ready before the command starts. */
const relayScript = `mkfifo /run/sentra/ready || exit 126
( env -i "$1" ${relayInside} $2 </dev/null >/run/sentra/ready 2>/dev/null & )
read -r state </run/sentra/ready
rm -f /run/sentra/ready
[ "$state" = ready ] || { echo "The relay of the room did not start." >&2; exit 126; }
shift 2
exec "$@"`;

function withRelay(command: Command, room: Room, exits: readonly Exit[]): string[] {
  const own = [command.command, ...command.args];
  if (!needsRelay(room, exits)) return own;
  const serves = room.doors?.serves;
  const pairs = [
    ...exits.map(({ port, inside }) => `${port}=${inside}`),
    ...(serves === undefined ? [] : [`${doorOf(serves)}=${serves}`]),
  ];
  return ['/bin/sh', '-c', relayScript, 'sh', process.execPath, pairs.join(' '), ...own];
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

function startOnFirstUse() {
  let started: Promise<{ proxy: EgressProxy; folder: string }> | undefined;
  const start = async () => {
    const folder = await makeSocketFolder();
    return { folder, proxy: await startProxy({ socketPath: join(folder, 'proxy.sock') }) };
  };
  return {
    get: async () => {
      started ??= start();
      return (await started).proxy;
    },
    close: async () => {
      const running = await started;
      await running?.proxy.close();
      if (running) await rm(running.folder, { recursive: true, force: true });
    },
  };
}
