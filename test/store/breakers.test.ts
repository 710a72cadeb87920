import { afterAll, expect, test } from 'vitest';
import { listBreakers, noteRunEnd } from '#src/store/breakers.ts';
import { createTestDatabase } from '../helpers/database.ts';

const { database, drop } = await createTestDatabase();
afterAll(drop);

test('failures that end at the same moment are all counted, also the first ones', async () => {
  await database.pool.query(
    "insert into sentra.projects (id, name, path, base_branch, git_dir) values ('proj-000000000000', 'a', '/a', 'main', '/a/.git')",
  );
  const key = { projectId: 'proj-000000000000', agent: 'mine' };
  const failure = { kind: 'agent', message: 'It gave up.' };
  const ends = Array.from({ length: 5 }, () => database.transaction((tx) => noteRunEnd(tx, key, failure)));
  expect((await Promise.all(ends)).filter(Boolean)).toHaveLength(1);
  const open = { ...key, failures: 5, state: 'open', kind: 'agent', message: 'It gave up.' };
  expect(await listBreakers(database.db)).toMatchObject([open]);
  const late = { kind: 'timeout', message: 'It took too long.' };
  expect(await database.transaction((tx) => noteRunEnd(tx, key, late))).toBe(false);
  expect(await listBreakers(database.db)).toMatchObject([open]);
});
