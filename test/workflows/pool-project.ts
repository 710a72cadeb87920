/** Projects with worktrees prepared ahead, on a database and a home that the tests of a file share. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type PoolOptions, tendPoolOnce } from '#src/orchestrator/pool.ts';
import { createProjects } from '#src/orchestrator/projects.ts';
import { createTasks } from '#src/orchestrator/tasks.ts';
import { listPool } from '#src/store/pool.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { setWorktreeState } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { fillOne } from '#src/workflows/pool-fill.ts';
import { makeWorktree } from '#src/workflows/prepare.ts';
import { createPoolParts, factsOf } from '../fixtures/pool-parts.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { git, makeFolder, makeRepository } from '../helpers/repository.ts';

export let parts: Parts;
export let url: string;
let drop: () => Promise<void>;
beforeAll(async () => {
  const made = await createTestDatabase();
  parts = createPoolParts(made.database, makeFolder('home'));
  url = made.url;
  drop = async () => {
    await parts.logs.close();
    await parts.sandbox.close();
    await made.drop();
  };
});
afterAll(() => drop());

const { signal } = new AbortController();

export async function newTask(projectId: string, title = 'Take one'): Promise<string> {
  return (await createTasks(parts).create({ projectId, title, autoStart: false })).id;
}

export const take = async (taskId: string) =>
  makeWorktree(parts, await factsOf(parts, taskId), parts.logs.logger({ taskId }));

export async function tend(more: Partial<PoolOptions> = {}): Promise<string[]> {
  const said: string[] = [];
  const options = { workerId: 'worker-1', most: 100, report: (line: string) => said.push(line), resting: new Map() };
  while (await tendPoolOnce(parts, { ...options, ...more }, signal));
  return said;
}

/** A project that has made one worktree already, and has its pool. */
export async function begin(
  options: { size?: number; fill?: boolean; files?: Record<string, string>; config?: object } = {},
) {
  const size = options.size ?? 1;
  const config = { isolation: 'none', pool: { size }, ...options.config };
  const { path: repository } = makeRepository({ config, ...(options.files ? { files: options.files } : {}) });
  const { id: projectId } = await createProjects(parts).add({ path: repository });
  const first = await newTask(projectId, 'The first');
  const tree = await take(first);
  await setWorktreeState(parts.database.db, first, 'ready', tree.adminDir);
  const { project, config: read } = await factsOf(parts, first);
  const subject = {
    project: await getProjectRow(parts.database.db, project.id),
    config: read,
    confined: false,
    newest: tree.base,
  };
  const fill = () => fillOne(parts, subject, 'worker-1', signal);
  if (options.fill !== false) await Promise.all(Array.from({ length: size }, fill));
  const pool = async () => (await listPool(parts.database.db)).filter((row) => row.projectId === projectId);
  return { repository, projectId, first, pool, folder: path.join(repository, '.sentra', 'worktrees') };
}

/** Only this project is looked after, so that no other test's gets in the way. */
export async function end({ projectId, repository }: { projectId: string; repository: string }): Promise<void> {
  await createProjects(parts).remove(projectId);
  await tend();
  expect((await listPool(parts.database.db)).filter((row) => row.projectId === projectId)).toEqual([]);
  const folders = readdirSync(path.join(repository, '.sentra', 'worktrees'));
  expect(folders.filter((name) => name.startsWith('pool-'))).toEqual([]);
  expect(git(repository, 'worktree', 'list')).not.toContain('pool-');
  expect(git(repository, 'fsck', '--no-dangling')).toBe('');
}
