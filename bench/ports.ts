/**
 * Ports for 1,000 tasks that ask at once: block found and taken in the database, both of its ports probed. Afterwards all of
 * them are bound at once, untimed: a port that two tasks share, or that somebody else has, fails there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { isPortFree, leasePorts } from '#src/environment/ports.ts';
import { type Database, openDatabase } from '#src/store/database.ts';
import { releaseLease, takeLease } from '#src/store/port-leases.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { type Benchmark, interleave } from './benchmark.ts';

const portsPerTask = 2;

export const ports: Benchmark = {
  name: 'ports',
  title: 'leases of 1,000 tasks at once, against bare inserts and bare probes',
  async measure(say, option) {
    const tasks = Number(option ?? 1000);
    const home = mkdtempSync(path.join(os.tmpdir(), 'sentra-bench-'));
    await chmod(home, 0o711); // under root the database's user must be able to enter
    const postgres = await startEmbedded({ home });
    const database = await openDatabase(postgres.url);
    try {
      await database.migrate();
      await database.pool.query('create unlogged table bare (first_port integer primary key, task_id text unique)');
      const seen = { collisions: 0, failedBinds: 0 };
      const result = await interleave(
        'ports',
        { value: () => leaseAll(database, tasks, seen), floor: () => bare(database, tasks) },
        { warmUps: 2, runs: 11, say },
      );
      say(`${seen.collisions} collisions, ${seen.failedBinds} failed binds in 13 rounds of ${tasks} tasks`);
      return { ...result, tasks, ...seen };
    } finally {
      await database.close();
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

async function leaseAll(database: Database, tasks: number, seen: { collisions: number; failedBinds: number }) {
  const leases = {
    take: (wish: Parameters<typeof takeLease>[1]) => takeLease(database.db, wish),
    release: (taskId: string) => releaseLease(database.db, taskId),
  };
  const ids = Array.from({ length: tasks }, (_, i) => `task-${i}`);
  const startedAt = performance.now();
  const leased = await Promise.all(ids.map((taskId) => leasePorts({ taskId, names: [], strategy: 'lease', leases })));
  const ms = performance.now() - startedAt;
  const numbers = leased.flatMap((one) => Object.values(one));
  seen.collisions += numbers.length - new Set(numbers).size;
  seen.failedBinds += await bindAll(numbers);
  await database.pool.query('delete from sentra.port_leases');
  return ms;
}

/** Every port listened on while all the others are; answers how many could not. */
async function bindAll(numbers: readonly number[]): Promise<number> {
  const servers = await Promise.all(
    numbers.map(
      (port) =>
        new Promise<Server | undefined>((done) => {
          const server = createServer();
          server.once('error', () => done(undefined)).listen({ port, host: '::', exclusive: true }, () => done(server));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((done) => (server ? server.close(done) : done(undefined)))));
  return servers.filter((server) => server === undefined).length;
}

/** As many rows and as many probes, with nothing to decide. */
async function bare({ pool }: Database, tasks: number): Promise<number> {
  const insert = 'insert into bare (first_port, task_id) values ($1, $2)';
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: tasks }, async (_, i) => {
      const firstPort = 20_000 + i * 10;
      await pool.query(insert, [firstPort, `task-${i}`]);
      await Promise.all(Array.from({ length: portsPerTask }, (_, nth) => isPortFree(firstPort + nth)));
    }),
  );
  const ms = performance.now() - startedAt;
  await pool.query('delete from bare');
  return ms;
}
