import { afterAll, beforeAll, expect, it } from 'vitest';
import { listPeers } from '#src/store/peers.ts';
import { listExpiredLeases, renewLeases, takeLease } from '#src/store/port-leases.ts';
import { createTestDatabase } from '../helpers/database.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
const query = (sql: string, values: unknown[] = []) => database.database.pool.query(sql, values);

beforeAll(async () => {
  database = await createTestDatabase();
  await query(
    "insert into sentra.projects (id, name, path, base_branch, git_dir) values ('p', 'p', '/p', 'main', '/p/.git')",
  );
});
afterAll(() => database.drop());

async function addTask(id: string): Promise<void> {
  await query(
    `insert into sentra.tasks (id, project_id, title, description, type, priority, workflow_type, auto_start, no_changes_expected, needs_dev_server, labels, status)
     values ($1, 'p', $1, '', 'chore', 'low', 'plan', false, false, false, '{}', 'pending')`,
    [id],
  );
  const range = { first: 20_000, size: 10, count: 100 };
  await takeLease(database.database.db, { taskId: id, names: ['A_PORT'], range, start: 0, without: [] });
}

it('a lease runs out an hour after its last use, unless its task has a worktree or a run', async () => {
  for (const id of ['bare', 'treed', 'running', 'recent', 'gone']) await addTask(id);
  const tree =
    "insert into sentra.worktrees (task_id, path, branch_name, base, state, isolation, deleted_at) values ($1, $1, 'b', 'c', 'ready', 'none', $2)";
  await query(tree, ['treed', null]);
  await query(tree, ['gone', new Date()]);
  await query(
    "insert into sentra.runs (adw_id, task_id, workflow_type, status) values ('r', 'running', 'plan', 'running')",
  );
  await query("update sentra.port_leases set renewed_at = now() - interval '61 minutes' where task_id <> 'recent'");
  const { db } = database.database;
  expect((await listExpiredLeases(db)).sort()).toEqual(['bare', 'gone']);
  await renewLeases(db);
  await query("delete from sentra.worktrees where task_id = 'treed'");
  expect((await listExpiredLeases(db)).sort()).toEqual(['bare', 'gone']);
});

it('peers are those of the project that have ports, the nearest first', async () => {
  const { db } = database.database;
  await query("insert into sentra.task_dependencies values ('running', 'gone'), ('treed', 'running')");
  const peers = await listPeers(db, 'running');
  expect(peers.map(({ taskId, relation }) => `${taskId} ${relation}`)).toEqual([
    'gone dependency',
    'treed dependant',
    'bare project',
    'recent project',
  ]);
  expect(peers[0]?.ports).toEqual({ A_PORT: expect.any(Number) });
});
