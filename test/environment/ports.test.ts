import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { isPortFree, leasePorts, type PortLeases, type PortRequest } from '#src/environment/ports.ts';
import { type Database, openDatabase } from '#src/store/database.ts';
import { listLeases, listLeasingTasks, releaseLease, takeLease } from '#src/store/port-leases.ts';
import { createTestDatabase } from '../helpers/database.ts';

let first: Awaited<ReturnType<typeof createTestDatabase>>;
/** The connections of a second Sentra on the same database. */
let second: Database;
const servers: Server[] = [];

beforeAll(async () => {
  first = await createTestDatabase();
  second = await openDatabase(first.url);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
  await first.database.pool.query('delete from sentra.port_leases');
});
afterAll(async () => {
  await second.close();
  await first.drop();
});

const leasesOver = ({ db }: Database): PortLeases => ({
  take: (wish) => takeLease(db, wish),
  release: (taskId) => releaseLease(db, taskId),
});

const ask = (request: Partial<PortRequest> & { taskId: string }) =>
  leasePorts({ names: [], strategy: 'lease', leases: leasesOver(first.database), ...request });

function listen(port: number, host: string): Promise<Server> {
  const server = createServer();
  servers.push(server);
  return new Promise((done, fail) => server.once('error', fail).listen(port, host, () => done(server)));
}

it('300 tasks that two Sentras lease for at once get 300 blocks, none with a port that is in use', async () => {
  const sentras = [first.database, second].map(leasesOver);
  const busy = new Set(Array.from({ length: 600 }, (_, i) => 20_000 + i * 20));
  const ports = await Promise.all(
    Array.from({ length: 300 }, (_, i) =>
      ask({
        taskId: `task-${i}`,
        names: ['API_PORT'],
        strategy: i % 2 ? 'lease' : 'deterministic',
        leases: sentras[i % 3 ? 0 : 1] as PortLeases,
        isFree: async (port) => !busy.has(port),
      }),
    ),
  );
  const numbers = ports.flatMap((p) => Object.values(p));
  expect(new Set(numbers).size).toBe(900);
  expect(numbers.filter((port) => busy.has(port))).toEqual([]);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(32_767);
});

it('whatever is leased, renewed, taken by strangers and returned, in any order, agrees with a plain model of it', async () => {
  const model = new Map<string, number>();
  const strangers = new Set<number>();
  let seed = 42;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let turn = 0; turn < 200; turn++) {
    const taskId = `task-${random(12)}`;
    const had = model.get(taskId);
    const act = random(4);
    if (act === 0) {
      await releaseLease(first.database.db, taskId);
      model.delete(taskId);
    } else if (act === 1 && had !== undefined) strangers.add(had + random(2));
    else {
      const isFree = async (port: number) => !strangers.has(port);
      const ports = await ask({ taskId, isFree, strategy: random(2) ? 'lease' : 'deterministic' });
      const firstPort = ports.FRONTEND_PORT ?? 0;
      const isUsable = !strangers.has(firstPort) && !strangers.has(firstPort + 1);
      expect({ isUsable, second: ports.BACKEND_PORT }).toEqual({ isUsable: true, second: firstPort + 1 });
      if (had !== undefined && !strangers.has(had) && !strangers.has(had + 1)) expect(firstPort).toBe(had);
      model.set(taskId, firstPort);
    }
    expect(new Set(model.values()).size).toBe(model.size);
  }
  const kept = await listLeases(first.database.db, [...model.keys()]);
  expect(new Map(kept.map(({ taskId, ports }) => [taskId, ports.FRONTEND_PORT]))).toEqual(model);
});

it('a task that leases again gets the ports it has, also when it does so twice at once', async () => {
  const [one, two] = await Promise.all([ask({ taskId: 'task-a' }), ask({ taskId: 'task-a' })]);
  expect(two).toEqual(one);
  expect(await ask({ taskId: 'task-a' })).toEqual(one);
  expect(await listLeasingTasks(first.database.db)).toEqual(['task-a']);
});

it('names that sentra.json gained since the lease are added to the same block', async () => {
  const before = await ask({ taskId: 'task-a' });
  const after = await ask({ taskId: 'task-a', names: ['API_PORT'] });
  expect(after).toEqual({ ...before, API_PORT: (before.BACKEND_PORT ?? 0) + 1 });
  expect(await listLeases(first.database.db, ['task-a'])).toEqual([{ taskId: 'task-a', ports: after }]);
});

it('a block in which a stranger listens by now is exchanged, one in which the task itself listens is kept', async () => {
  const before = await ask({ taskId: 'task-a' });
  await listen(before.BACKEND_PORT ?? 0, '127.0.0.1');
  expect(await ask({ taskId: 'task-a', isOwn: (port) => port === before.BACKEND_PORT })).toEqual(before);
  const after = await ask({ taskId: 'task-a' });
  expect(after.FRONTEND_PORT).not.toBe(before.FRONTEND_PORT);
  expect(await listLeases(first.database.db, ['task-a'])).toEqual([{ taskId: 'task-a', ports: after }]);
});

it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])(
  'a deterministic task skips its own block when a server listens on %s',
  async (host) => {
    const task = { taskId: `task-${host}`, strategy: 'deterministic' } as const;
    const before = await ask(task);
    await releaseLease(first.database.db, task.taskId);
    expect(await ask(task)).toEqual(before);
    await releaseLease(first.database.db, task.taskId);
    await listen(before.BACKEND_PORT ?? 0, host);
    expect(await isPortFree(before.BACKEND_PORT ?? 0)).toBe(false);
    expect((await ask(task)).FRONTEND_PORT).not.toBe(before.FRONTEND_PORT);
  },
);

it('when every block is in use it says who has them and what to do, and keeps none', async () => {
  const others = Array.from({ length: 1200 }, (_, i) => [`task-${i}`, 20_000 + i * 10]);
  const rows = 'select * from unnest($1::text[], $2::int[])';
  const columns = [others.map(([taskId]) => taskId), others.map(([, firstPort]) => firstPort)];
  await first.database.pool.query(`insert into sentra.port_leases (task_id, first_port) ${rows}`, columns);
  await expect(ask({ taskId: 'task-a', isFree: async () => false })).rejects.toMatchObject({
    code: 'ports_exhausted',
    message: expect.stringMatching(/of 1276 blocks .* other programs listen in 76 .*worktree list/),
  });
  expect(await listLeases(first.database.db, ['task-a'])).toEqual([]);
});

it('more than ten ports for one task are refused', async () => {
  const names = Array.from({ length: 9 }, (_, i) => `P${i}_PORT`);
  await expect(ask({ taskId: 't', names })).rejects.toThrow('at most 10');
});
