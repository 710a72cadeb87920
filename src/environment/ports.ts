/**
 * Ports of a task: one block of ten between 20000 and 32767, which is below the range that systems hand out for outgoing
 * connections. A block belongs to one task because the database says so; it is probed because others use ports too.
 */
import { createHash, randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SentraError } from '#src/errors.ts';

export type PortLeases = {
  /** First port of the task's block. */
  find(taskId: string): Promise<number | undefined>;
  /** False when the block is another's, or the task has a block already. */
  take(taskId: string, firstPort: number): Promise<boolean>;
  /** First ports of all blocks that are leased. */
  taken(): Promise<number[]>;
  release(taskId: string): Promise<void>;
};

export type PortRequest = {
  taskId: string;
  /** Names beside FRONTEND_PORT and BACKEND_PORT, which every task has. */
  names: readonly string[];
  /** `deterministic`: the first candidate follows from the task's id. `lease`: any. */
  strategy: 'lease' | 'deterministic';
  leases: PortLeases;
  isFree?: (port: number) => Promise<boolean>;
};

const blockSize = 10;
const firstOfAll = 20_000;
const blockCount = Math.floor((32_767 - firstOfAll + 1) / blockSize);

/** The task's ports by name: those it has, else a new block. Throws `ports_exhausted` when no block is left. */
export async function leasePorts(request: PortRequest): Promise<Record<string, number>> {
  const { taskId, strategy, leases, isFree = isPortFree } = request;
  const names = allNames(request.names);
  const found = await leases.find(taskId);
  if (found !== undefined) return assign(names, found);
  const taken = new Set(await leases.taken());
  const start = strategy === 'deterministic' ? blockOf(taskId) : randomInt(blockCount);
  for (let step = 0; step < blockCount; step++) {
    const firstPort = firstOfAll + ((start + step) % blockCount) * blockSize;
    if (taken.has(firstPort) || !(await areFree(Object.values(assign(names, firstPort)), isFree))) continue;
    if (await leases.take(taskId, firstPort)) return assign(names, firstPort);
    const meanwhile = await leases.find(taskId); // the same task, leasing twice at once
    if (meanwhile !== undefined) return assign(names, meanwhile);
  }
  throw new SentraError(
    'ports_exhausted',
    `No free ports for ${taskId}: ${taken.size} of ${blockCount} blocks between ${firstOfAll} and 32767 are leased, the others are in use. ` +
      'Merge, cancel or clean up tasks that still have a worktree.',
  );
}

/** Can this port be listened on, over IPv4 and IPv6? */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '::'));
}

function allNames(extra: readonly string[]): string[] {
  const names = [...new Set(['FRONTEND_PORT', 'BACKEND_PORT', ...extra])];
  if (names.length <= blockSize) return names;
  throw new SentraError(
    'invalid',
    `A task has at most ${blockSize} ports; sentra.json asks for ${names.length}: ${names.join(', ')}.`,
  );
}

const assign = (names: readonly string[], firstPort: number): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, firstPort + i]));

const blockOf = (taskId: string): number => createHash('sha256').update(taskId).digest().readUInt32BE(0) % blockCount;

async function areFree(ports: readonly number[], isFree: (port: number) => Promise<boolean>): Promise<boolean> {
  for (const port of ports) if (!(await isFree(port))) return false;
  return true;
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    // A host without IPv6 cannot clash there.
    server.once('error', (e: NodeJS.ErrnoException) => done(e.code === 'EAFNOSUPPORT' || e.code === 'EADDRNOTAVAIL'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(true)));
  });
}
