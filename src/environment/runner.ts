/**
 * Runs a project's own commands (install, set-up, tests) in its room: confined when there is a sandbox, else plainly, but
 * always with an environment that is written down here. Nothing of ours and no secret is in it.
 */
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { certificateNames, toolNames, toolPlaces, toolVariables } from '#src/environment/toolchain.ts';
import { type Command, type Outcome, type RunOptions, run } from '#src/process.ts';
import type { Egress } from '#src/sandbox/egress.ts';
import type { Network, Room, Sandbox } from '#src/sandbox/sandbox.ts';

export type RunnerOptions = Pick<RunOptions, 'idleMs' | 'keepBytes' | 'onLine' | 'onOutput' | 'signal'> & {
  network: Network;
  /** With `proxy`; the default is what the room says. */
  egress?: Egress;
  /** On top of the base environment: the task's ports, a cache folder. */
  env?: Readonly<Record<string, string>>;
  /** 0: it may run for ever. */
  timeoutMs: number;
};

export type Runner = {
  /** A string goes through `/bin/sh -c`, a list is the program and its arguments. */
  run(command: string | readonly string[], options: RunnerOptions): Promise<Outcome>;
};

export type RunnerSettings = {
  /** Undefined: isolation `none`. */
  sandbox: Sandbox | undefined;
  room: Omit<Room, 'network' | 'modelSocket'>;
  /** What of the host's environment comes in: `harmlessEnvironment` picks it. */
  baseEnv: Readonly<Record<string, string>>;
};

export function createRunner({ sandbox, room, baseEnv }: RunnerSettings): Runner {
  const host = hostTools(baseEnv);
  const readable = [...(room.readable ?? []), ...host.readable];
  const runHere: Runner['run'] = async (line, { network, egress = room.egress, env, ...options }) => {
    const [program = '/bin/sh', ...args] = typeof line === 'string' ? ['/bin/sh', '-c', line] : line;
    const command = {
      command: program,
      args,
      cwd: room.worktreePath,
      env: { ...host.env, CI: 'true', ...env, PATH: host.env.PATH },
    };
    if (!sandbox) return run(await atHome(command, room.homePath), options);
    return run(await sandbox.confine(command, { ...room, readable, network, ...(egress ? { egress } : {}) }), options);
  };
  return { run: runHere };
}

/** What a task's commands and agents get of the host: variables, and the places of the disk that those lead to. */
export function hostTools(baseEnv: Readonly<Record<string, string>>): {
  env: Record<string, string> & { PATH: string };
  readable: string[];
} {
  const nodeFolder = path.dirname(process.execPath);
  return {
    env: { LANG: 'C.UTF-8', ...toolVariables(baseEnv, homedir()), ...baseEnv, PATH: pathOf(nodeFolder, baseEnv.PATH) },
    readable: [nodeFolder, ...toolPlaces(baseEnv, homedir())],
  };
}

/** The Node that runs us comes first, so a project's tests and its agent use the same one whatever the host has. */
const pathOf = (nodeFolder: string, rest = '/usr/local/bin:/usr/bin:/bin'): string =>
  [nodeFolder, ...rest.split(':').filter((folder) => folder !== nodeFolder)].join(':');

/** Even without a wall, programs do not find the user's home with its keys by accident. */
async function atHome(command: Command, homePath: string): Promise<Command> {
  const temporary = path.join(homePath, 'tmp');
  await mkdir(temporary, { recursive: true });
  return { ...command, env: { ...command.env, HOME: homePath, TMPDIR: temporary } };
}

const harmlessNames = new Set([
  ...['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', ...certificateNames, ...toolNames],
  ...[
    'npm_config_registry',
    'NPM_CONFIG_REGISTRY',
    'YARN_NPM_REGISTRY_SERVER',
    'PIP_INDEX_URL',
    'UV_INDEX_URL',
    'GOPROXY',
    'GOSUMDB',
  ],
  ...['JAVA_HOME', 'GOROOT', 'RUSTUP_TOOLCHAIN'],
]);

/** What a project's commands may know of the host's environment. An address with a password in it stays out. */
export function harmlessEnvironment(all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(all))
    if (value !== undefined && harmlessNames.has(name) && !/\/\/[^/\s]*@/.test(value)) picked[name] = value;
  return picked;
}
