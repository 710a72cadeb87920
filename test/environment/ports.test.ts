import { createServer, type Server } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { isPortFree, leasePorts, type PortLeases } from '#src/environment/ports.ts';

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => void server.close()));

function leasesInMemory(): PortLeases & { all: Map<string, number> } {
  const all = new Map<string, number>();
  const turn = () => new Promise<void>((done) => setImmediate(done));
  return {
    all,
    find: (taskId) => turn().then(() => all.get(taskId)),
    taken: () => turn().then(() => [...all.values()]),
    take: async (taskId, firstPort) => {
      await turn();
      if (all.has(taskId) || [...all.values()].includes(firstPort)) return false;
      all.set(taskId, firstPort);
      return true;
    },
    release: async (taskId) => void all.delete(taskId),
  };
}

function listen(port: number, host: string): Promise<Server> {
  const server = createServer();
  servers.push(server);
  return new Promise((done, fail) => server.once('error', fail).listen(port, host, () => done(server)));
}

it('200 tasks that lease at once get 200 blocks, none with a port that is in use', async () => {
  const leases = leasesInMemory();
  const busy = new Set(Array.from({ length: 600 }, (_, i) => 20_000 + i * 20));
  const isFree = async (port: number) => !busy.has(port);
  const ask = (i: number) =>
    leasePorts({
      taskId: `task-${i}`,
      names: ['API_PORT'],
      strategy: i % 2 ? 'lease' : 'deterministic',
      leases,
      isFree,
    });
  const ports = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i)));
  const numbers = ports.flatMap((p) => Object.values(p));
  expect(new Set(numbers).size).toBe(600);
  expect(numbers.filter((port) => busy.has(port))).toEqual([]);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(32_767);
});

it('the real probe of 40 parallel leases collides with nothing either', async () => {
  const leases = leasesInMemory();
  const ask = (i: number) => leasePorts({ taskId: `task-${i}`, names: [], strategy: 'lease', leases });
  const ports = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(i)));
  expect(new Set(ports.flatMap((p) => Object.values(p))).size).toBe(80);
});

it('a task that leases again gets the ports it has, also when it does so twice at once', async () => {
  const leases = leasesInMemory();
  const ask = () => leasePorts({ taskId: 'task-a', names: [], strategy: 'lease', leases });
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(second).toEqual(first);
  expect(await ask()).toEqual(first);
  expect(leases.all.size).toBe(1);
});

it.each(['127.0.0.1', '0.0.0.0', '::1'])(
  'a deterministic task skips its own block when a server listens on %s',
  async (host) => {
    const ask = () =>
      leasePorts({ taskId: `task-${host}`, names: [], strategy: 'deterministic', leases: leasesInMemory() });
    const before = await ask();
    expect(await ask()).toEqual(before);
    await listen(before.BACKEND_PORT ?? 0, host);
    expect(await isPortFree(before.BACKEND_PORT ?? 0)).toBe(false);
    expect((await ask()).FRONTEND_PORT).not.toBe(before.FRONTEND_PORT);
  },
);

it('when every block is in use it says so and what to do', async () => {
  const request = { taskId: 'task-a', names: [], strategy: 'lease', leases: leasesInMemory() } as const;
  await expect(leasePorts({ ...request, isFree: async () => false })).rejects.toMatchObject({
    code: 'ports_exhausted',
  });
});

it('more than ten ports for one task are refused', async () => {
  const names = Array.from({ length: 9 }, (_, i) => `P${i}_PORT`);
  await expect(leasePorts({ taskId: 't', names, strategy: 'lease', leases: leasesInMemory() })).rejects.toThrow(
    'at most 10',
  );
});
