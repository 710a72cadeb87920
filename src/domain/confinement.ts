/**
 * What confines a project's programs, as three people say it: Sentra by its defaults, the project in `sentra.json`, and the
 * operator, who started the server, in its environment. What would open a way to this host or its network, or take the wall
 * away, only the operator says: a `sentra.json` may be the work of a stranger. Pure.
 */
export type Operator = {
  /** `open`: every host of the internet may be reached. */
  network: 'listed' | 'open';
  /** Rules (host-rule.ts) that hold for each project. An address of a private network may be among them. */
  hosts: readonly string[];
  /** Names or paths of projects whose programs may run without a wall. */
  unconfined: readonly string[] | 'all';
};

/** What a room takes of the host before it is ended. */
export type RoomLimits = {
  memoryBytes: number;
  processes: number;
  /** Of the worktree and the private home together. */
  diskBytes: number;
};

export type LimitSettings = { memoryMb?: number | undefined; processes: number; diskMb: number };

/** Half of the host's memory unless the project says otherwise. */
export const roomLimits = ({ memoryMb, processes, diskMb }: LimitSettings, hostMemory: number): RoomLimits => ({
  memoryBytes: memoryMb === undefined ? Math.max(2e9, hostMemory / 2) : memoryMb * 1e6,
  processes,
  diskBytes: diskMb * 1e6,
});

export const mayBeUnconfined = ({ unconfined }: Operator, project: { name: string; path: string }): boolean =>
  unconfined === 'all' || unconfined.includes(project.name) || unconfined.includes(project.path);

/** For people, after "available" and the like. */
export const describeNetwork = (network: Operator['network']): string =>
  network === 'open' ? 'every host of the internet in reach (SENTRA_NETWORK=open)' : 'only listed hosts in reach';
