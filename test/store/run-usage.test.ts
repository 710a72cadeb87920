import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '#src/store/database.ts';
import { addRunUsage, sumRunUsage } from '#src/store/run-usage.ts';
import { databaseSizes } from '#src/store/sizes.ts';
import { createTestDatabase } from '../helpers/database.ts';

let database: Database;
let drop: () => Promise<void>;
const [one, two] = ['task-aaaa00000001', 'task-aaaa00000002'] as const;

beforeAll(async () => {
  ({ database, drop } = await createTestDatabase());
  await database.pool.query(`
    insert into sentra.projects (id, name, path, base_branch, git_dir) values ('p', 'p', '/p', 'main', '/p/.git');
    insert into sentra.tasks (id, project_id, title, description, type, priority, workflow_type, auto_start, no_changes_expected, needs_dev_server, labels, status)
      select id, 'p', '', '', 'chore', 'low', 'plan', false, false, false, '{}', 'running' from unnest(array['${one}', '${two}']) id;
    insert into sentra.runs (adw_id, task_id, workflow_type, status, created_at) values
      ('old', '${one}', 'plan', 'completed', now() - interval '1 hour'), ('new', '${one}', 'plan', 'running', now()), ('other', '${two}', 'plan', 'running', now())`);
});
afterAll(() => drop());

test('what a task spends goes to its newest run: time adds up, memory is the highest', async () => {
  await addRunUsage(database.db, [
    { taskId: one, cpuSeconds: 1.5, peakMemory: 100 },
    { taskId: two, cpuSeconds: 9, peakMemory: 7.5 },
    { taskId: 'task-unknown00001', cpuSeconds: 1, peakMemory: 1 },
  ]);
  await addRunUsage(database.db, [{ taskId: one, cpuSeconds: 2, peakMemory: 50 }]);
  await addRunUsage(database.db, []);
  const { rows } = await database.pool.query('select adw_id, cpu_seconds, peak_memory from sentra.runs order by 1');
  expect(rows).toEqual([
    { adw_id: 'new', cpu_seconds: 3.5, peak_memory: '100' },
    { adw_id: 'old', cpu_seconds: 0, peak_memory: '0' },
    { adw_id: 'other', cpu_seconds: 9, peak_memory: '8' },
  ]);
});

test('the sum of a task is over all of its runs', async () => {
  await database.pool.query("update sentra.runs set cpu_seconds = 10, peak_memory = 500 where adw_id = 'old'");
  expect((await sumRunUsage(database.db, [one])).get(one)).toMatchObject({ cpuSeconds: 13.5, peakMemory: 500 });
});

test('the logs are a part of the database', async () => {
  const { all, logs } = await databaseSizes(database.db);
  expect(logs).toBeGreaterThan(0);
  expect(logs).toBeLessThan(all);
});
