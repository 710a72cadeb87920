/**
 * What a confined process may see and do. The one idea: callers describe the room (folders, network), `confine` turns a
 * command into one that runs inside it. Contract only; the bubblewrap wall is wall.ts.
 */
import type { RoomLimits } from '#src/domain/confinement.ts';
import type { Command } from '#src/process.ts';
import type { Egress } from '#src/sandbox/egress.ts';

/** `proxy`: out through our proxy, to what the room's `egress` lets through. `none`: only its own loopback. */
export type Network = 'none' | 'proxy';

/** Where a unix socket of `Room.sockets` is inside. */
export const socketInside = (port: number): string => `/run/sentra/${port}.sock`;

export type Room = {
  /** The worktree: the only folder of the host that can be written, apart from `writable` and the private home. */
  worktreePath: string;
  /** The repository's common git directory: read-only inside. Undefined where there is none to see. */
  gitDir?: string;
  /** Makes a git directory for one start, which stands in the place of `gitDir`, and that is out of sight. */
  privateGit?: () => Promise<RoomGit>;
  /** The registered repository's main checkout: hidden inside, but for `gitDir`, `worktreePath` and `readable`. */
  repositoryPath?: string;
  /** A private folder of the host, mounted as HOME. Made when missing. */
  homePath: string;
  /** More paths of the host, at the same place inside. Paths that do not exist are skipped. */
  readable?: readonly string[];
  writable?: readonly string[];
  /** Folders that seem empty and writable; what is written there is thrown away. Inside `gitDir` too. */
  discarded?: readonly string[];
  network: Network;
  /** With `proxy`; without it every host is refused. */
  egress?: Egress;
  /** What the whole room may take of the host; above it it is ended. */
  limits?: RoomLimits;
  /** Told why a limit ended the room, with the way out. `run` tells it as the last of stderr too. */
  onLimit?: (why: string) => void;
  /** A model's unix socket served by us: reachable inside as http://127.0.0.1:<modelPort>. */
  modelSocket?: string;
  doors?: Doors;
  /** More unix sockets served by us, each reachable inside at 127.0.0.1:<port>, and itself at `socketInside`. */
  sockets?: readonly { port: number; socket: string }[];
};

/** A git directory that a room may write. */
export type RoomGit = {
  /** On the host. */
  folder: string;
  /** Where it is inside. */
  inside: string;
  /** A folder of the host with the objects that it needs beside its own. */
  objects: string;
  /** The room is gone. */
  remove(): Promise<void>;
};

/**
 * Ports that rooms of one task share, each as the socket `<port>.sock` in a folder of the host: a port that is listened on in
 * one room is reached in the others at http://localhost:<port>.
 */
export type Doors = {
  folder: string;
  /** The port of this room's own program: what comes to its socket is led there. */
  serves?: number;
  reaches: readonly number[];
};

export type Sandbox = {
  /** Undefined when processes can be confined here, else what is missing and how to get it, for people. */
  unavailable(): Promise<string | undefined>;
  /**
   * The same command, confined, for one start; the last of its arguments are the command's own. Its environment gains HOME,
   * TMPDIR and, for `proxy`, the proxy variables.
   */
  confine(command: Command, room: Room): Promise<Command>;
  /** Port of the model inside, when `modelSocket` is given. */
  readonly modelPort: number;
  /** Stops the proxies and the looks at rooms. */
  close(): Promise<void>;
};
