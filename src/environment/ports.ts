/**
 * Ports of a task: one block of ten between 20000 and 32767, which is below the range that systems hand out for outgoing
 * connections. A block belongs to one task because the database says so; it is probed, when it is leased and again before it
 * is used, because others use ports too. A block in which a stranger listens is exchanged.
 */
import { createHash, randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { BlockWish } from '#src/domain/port-block.ts';
import { SentraError } from '#src/errors.ts';

export type PortLeases = {
  /**
   * First port of the task's block: the one that it has, renewed, else the first free one, taken. In one transaction,
   * so that no two tasks ever have the same. Undefined when none is left.
   */
  take(wish: BlockWish): Promise<number | undefined>;
  release(taskId: string): Promise<void>;
};

export type PortRequest = {
  taskId: string;
  /** Names beside FRONTEND_PORT and BACKEND_PORT, which every task has. */
  names: readonly string[];
  /** `deterministic`: the first candidate follows from the task's id. `lease`: any. */
  strategy: 'lease' | 'deterministic';
  leases: PortLeases;
  /** Whether the task's own programs listen there, so that its being in use is right. */
  isOwn?: (port: number) => boolean;
  isFree?: (port: number) => Promise<boolean>;
};

const range = { first: 20_000, size: 10, count: Math.floor((32_767 - 20_000 + 1) / 10) };

/** The task's ports by name, each free or in use by the task itself. Throws `ports_exhausted` when no block is left. */
export async function leasePorts(request: PortRequest): Promise<Record<string, number>> {
  const { taskId, strategy, leases, isOwn = () => false, isFree = isPortFree } = request;
  const names = allNames(request.names);
  const start = strategy === 'deterministic' ? blockOf(taskId) : randomInt(range.count);
  const strange: number[] = [];
  for (;;) {
    const firstPort = await leases.take({ taskId, names, range, start, without: strange });
    if (firstPort === undefined) break;
    const ports = assign(names, firstPort);
    const probed = await Promise.all(Object.values(ports).map((port) => isOwn(port) || isFree(port)));
    if (probed.every(Boolean)) return ports;
    strange.push(firstPort);
  }
  if (strange.length > 0) await leases.release(taskId); // the last one looked at is of no use to anybody
  throw new SentraError(
    'ports_exhausted',
    `No free ports for ${taskId}: of ${range.count} blocks between ${range.first} and 32767, other programs listen in ${strange.length} and tasks hold the rest. ` +
      'Merge, cancel or clean up tasks that still have a worktree (`npx sentra worktree list`), or end the programs, then retry.',
  );
}

/** Can this port be listened on, over IPv4 and IPv6? */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::'));
}

function allNames(extra: readonly string[]): string[] {
  const names = [...new Set(['FRONTEND_PORT', 'BACKEND_PORT', ...extra])];
  if (names.length <= range.size) return names;
  throw new SentraError(
    'invalid',
    `A task has at most ${range.size} ports; sentra.json asks for ${names.length}: ${names.join(', ')}.`,
  );
}

const assign = (names: readonly string[], firstPort: number): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, firstPort + i]));

const blockOf = (taskId: string): number => createHash('sha256').update(taskId).digest().readUInt32BE(0) % range.count;

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    // A host without IPv6 cannot clash there.
    server.once('error', (e: NodeJS.ErrnoException) => done(e.code === 'EAFNOSUPPORT' || e.code === 'EADDRNOTAVAIL'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(true)));
  });
}
