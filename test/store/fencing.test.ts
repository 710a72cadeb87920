/** Who executes a run: whatever workers die, come back or meet, each piece of its work is done once. */
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { findActiveRun, holdsRun, listUnreleasedWorkers, moveRuns, setRunStatus, takeRun } from '#src/store/runs.ts';
import { decide, setTaskNotice } from '#src/store/tasks.ts';
import { withLockOf } from '#src/store/worker-lock.ts';
import { createTestDatabase } from '../helpers/database.ts';

const place = await createTestDatabase();
const { database } = place;
const { db } = database;
const names = (count: number, of: string) => Array.from({ length: count }, (_, at) => `${of}-${at}`);
const runs = names(10, 'adw');
const workers = names(50, 'worker');

/** Ten runs that the first worker was given, and a table of what executions did. */
beforeEach(async () => {
  await database.pool.query(`
    truncate sentra.projects cascade;
    insert into sentra.projects (id, name, path, base_branch, git_dir) values ('p', 'p', '/p', 'main', '/p/.git');
    insert into sentra.tasks (id, project_id, title, description, type, priority, workflow_type, auto_start, no_changes_expected, needs_dev_server, labels, status)
      select 'task-' || n, 'p', '', '', 'chore', 'low', 'plan', false, false, false, '{}', 'running' from generate_series(0, 9) n;
    insert into sentra.runs (adw_id, task_id, workflow_type, status, dispatched_at, worker_id)
      select 'adw-' || n, 'task-' || n, 'plan', 'running', now(), 'worker-0' from generate_series(0, 9) n;
    drop table if exists done;
    create table done (id bigserial, adw text, step int, epoch int)`);
});
afterAll(() => place.drop());

/** The next piece of a run's work, by an execution that may be over without knowing it. */
const doNext = (adwId: string, epoch: number, fenced = true): Promise<boolean> =>
  database.transaction(async (tx, client) => {
    if (fenced && !(await holdsRun(tx, adwId, epoch))) return false;
    const { rows } = await client.query('select count(*)::int as count from done where adw = $1', [adwId]);
    await client.query('insert into done (adw, step, epoch) values ($1, $2, $3)', [adwId, rows[0].count + 1, epoch]);
    return true;
  });

const takeOver = (from: string, to: string): Promise<number> =>
  database.transaction((tx) => moveRuns(tx, { from, to }));

async function doubled(): Promise<string[]> {
  const { rows } = await database.pool.query('select adw, step from done group by adw, step having count(*) > 1');
  return rows.map(({ adw, step }) => `${adw} ${step}`);
}

test('of fifty workers that take over the same dead one at once, each run goes to one, and only that one executes it', async () => {
  const moved = await Promise.all(
    workers.slice(1).map(async (to) => {
      let count = 0;
      await withLockOf(place.database.connections, 'worker-0', async () => {
        count = await takeOver('worker-0', to);
      });
      return count;
    }),
  );
  expect(moved.filter((count) => count > 0)).toEqual([runs.length]);
  for (const adwId of runs) {
    const epochs = await Promise.all(workers.map((worker) => takeRun(db, adwId, worker)));
    expect(epochs.filter((epoch) => epoch !== undefined)).toHaveLength(1);
  }
});

type Act = { kind: 'take' | 'work'; worker: number; run: number };
const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom('take', 'work', 'work', 'work'),
  worker: fc.nat(workers.length - 1),
  run: fc.nat(2),
});

/** Each takes over from whoever has the run, and works on with the execution that it last believed in; those of several come at once. */
async function perform(acts: readonly Act[]): Promise<void> {
  const believed = new Map<string, number>();
  const perWorker = Map.groupBy(acts, ({ worker }) => worker);
  await Promise.all(
    [...perWorker].map(async ([at, own]) => {
      const worker = workers[at] as string;
      for (const { kind, run } of own) {
        const adwId = runs[run] as string;
        const key = `${worker} ${adwId}`;
        const known = believed.get(key);
        if (kind === 'work') {
          if (known !== undefined) await doNext(adwId, known);
          continue;
        }
        const { rows } = await database.pool.query('select worker_id from sentra.runs where adw_id = $1', [adwId]);
        if (rows[0].worker_id !== worker) await takeOver(rows[0].worker_id, worker);
        const epoch = await database.transaction((tx) => takeRun(tx, adwId, worker)); // which a deadlock repeats
        if (epoch === undefined) continue;
        believed.set(key, epoch);
        await doNext(adwId, epoch);
      }
    }),
  );
}

test('whatever fifty workers do at once, an execution that was taken from its worker writes no more, and no work is done twice', async () => {
  let works = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 300, maxLength: 400 }), async (acts) => {
      await database.pool.query("truncate done; update sentra.runs set worker_id = 'worker-0', epoch = 0");
      await perform(acts);
      expect(await doubled()).toEqual([]);
      const { rows } = await database.pool.query(
        'select step, epoch, lag(epoch) over (partition by adw order by step) as before from done',
      );
      expect(rows.filter(({ epoch, before }) => epoch < before)).toEqual([]);
      works += rows.length;
    }),
    { numRuns: 12, endOnFailure: true },
  );
  expect(works).toBeGreaterThan(30);
});

test('without the fence the same crowd does work twice', async () => {
  await Promise.all(workers.map(() => doNext('adw-0', 1, false)));
  expect(await doubled()).not.toEqual([]);
});

test('a worker that was given a run and slept over its own death does not take it any more', async () => {
  await takeOver('worker-0', 'worker-1');
  expect(await takeRun(db, 'adw-0', 'worker-0')).toBeUndefined();
  const epoch = await takeRun(db, 'adw-0', 'worker-1');
  expect(await doNext('adw-0', epoch as number)).toBe(true);
});

test('a run that was cancelled while its worker was dead names that worker until somebody has cleaned up after it', async () => {
  await takeRun(db, 'adw-0', 'worker-0');
  await setRunStatus(db, 'adw-0', 'cancelled');
  expect(await listUnreleasedWorkers(db)).toEqual(['worker-0']);
});

test('an execution and a person who cancels do not lock each other out', async () => {
  const epoch = (await takeRun(db, 'adw-0', 'worker-0')) as number;
  const tries: string[] = [];
  const { promise: held, resolve: isHeld } = Promise.withResolvers<void>();
  const writes = database.transaction(async (tx) => {
    tries.push('execution');
    await holdsRun(tx, 'adw-0', epoch);
    isHeld();
    await expect.poll(someoneWaits).toBe(true);
    await setTaskNotice(tx, 'task-0', 'told');
  });
  await held;
  const cancels = database.transaction(async (tx) => {
    tries.push('person');
    await decide(tx, 'task-0', 'cancelledAt');
    await findActiveRun(tx, 'task-0');
    await setRunStatus(tx, 'adw-0', 'cancelled');
  });
  await Promise.all([writes, cancels]);
  expect(tries).toEqual(['execution', 'person']); // a deadlock would have made one of them begin again
});

async function someoneWaits(): Promise<boolean> {
  const { rows } = await database.pool.query(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.length > 0;
}
