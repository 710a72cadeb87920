/**
 * Sentra as `src/main.ts` starts it, with its failpoints armed. SENTRA_TEST_TRAPS names a folder: `armed.json` there says what
 * happens at which point, once; `fired` and `passed` get the names of the points that fired and that were passed.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { armFailpoints } from '#src/engine/failpoints.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import type { Fault } from './traps.ts';

const folder = process.env.SENTRA_TEST_TRAPS as string;
const armed = new Map(Object.entries(JSON.parse(readFileSync(path.join(folder, 'armed.json'), 'utf8')))) as Map<
  string,
  Fault
>;
for (const point of readFileSync(path.join(folder, 'fired'), 'utf8').split('\n')) armed.delete(point);

armFailpoints((point) => {
  appendFileSync(path.join(folder, 'passed'), `${point}\n`);
  const fault = armed.get(point);
  if (!fault) return undefined;
  armed.delete(point);
  appendFileSync(path.join(folder, 'fired'), `${point}\n`);
  return strike(point, fault);
});

async function strike(point: string, fault: Fault): Promise<void> {
  if (fault === 'kill') process.kill(process.pid, 'SIGKILL');
  if (fault === 'hang') await new Promise(() => {});
  if (!point.endsWith('@record')) throw new Error(`injected at ${point}`);
  await cutConnections(); // what is recorded can fail no more; the way to the database can
}

async function cutConnections(): Promise<void> {
  const { url } = await startEmbedded({ home: process.env.SENTRA_HOME as string });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await client.end();
}

await import('#src/main.ts');
