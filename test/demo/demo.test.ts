import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '#src/client/client.ts';
import { commandAgentPath, createDemo, modelScriptPath } from '#src/demo/demo.ts';
import { makeDemoRepository } from '#src/demo/repository.ts';
import { demoTasks } from '#src/demo/tasks.ts';
import { type Outcome, run } from '#src/process.ts';
import { aProject, aTask, contractApi } from '../helpers/contract-api.ts';

const searchPath = `${path.dirname(process.execPath)}:${process.env.PATH}`;
const env = { PATH: searchPath, HOME: os.tmpdir(), GIT_CONFIG_GLOBAL: '/dev/null' };
let folder: string;
let repository: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'sentra-demo-')));
  repository = (await makeDemoRepository(folder, 'demo', searchPath)).path;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const inside = (cwd: string, command: string, ...args: string[]) => run({ command, args, cwd, env });
const git = async (cwd: string, ...args: string[]) => (await inside(cwd, 'git', ...args)).stdout.toString().trim();
const npmTest = async (cwd: string) => (await inside(cwd, 'npm', 'test')).exitCode;

/** Plays one session of a task as the agent `demo-command`. */
async function play(cwd: string, session: { phase: string; title: string; attempt?: number }): Promise<Session> {
  const result = path.join(folder, `result-${randomUUID()}.json`);
  const prompt = `Phase: ${session.phase}\nTask: ${session.title}\nAttempt: ${session.attempt ?? 1}\n\nℹ pass 3\nℹ fail 1\n`;
  const command = { command: process.execPath, args: [commandAgentPath, modelScriptPath], cwd };
  const outcome = await run({ ...command, env: { ...env, SENTRA_RESULT: result } }, { input: prompt });
  const answer = await readFile(result, 'utf8').then(JSON.parse, () => undefined);
  return { outcome, answer };
}
type Session = { outcome: Outcome; answer: Record<string, unknown> | undefined };

async function copyOf(name: string): Promise<string> {
  const copy = path.join(folder, name);
  await cp(repository, copy, { recursive: true });
  return copy;
}

test('the repository has a short history on main, a bare remote with the same, and tests that pass', async () => {
  expect((await git(repository, 'log', '--format=%s')).split('\n')).toHaveLength(3);
  expect(await git(repository, 'status', '--porcelain')).toBe('');
  expect(await git(path.join(folder, 'harbor.git'), 'rev-parse', 'main')).toBe(
    await git(repository, 'rev-parse', 'main'),
  );
  expect(JSON.parse(await readFile(path.join(repository, 'sentra.json'), 'utf8'))).toEqual({
    test: 'npm test',
    agents: { default: 'demo' },
  });
  expect(await npmTest(repository)).toBe(0);
});

test('a repository that is there is used again as it is', async () => {
  const before = await git(repository, 'rev-parse', 'HEAD');
  await makeDemoRepository(folder, 'demo-command', searchPath);
  expect(await git(repository, 'rev-parse', 'HEAD')).toBe(before);
});

test('the six tasks name only dependencies that come before them, and those merge by themselves', () => {
  expect(demoTasks).toHaveLength(6);
  for (const [index, task] of demoTasks.entries())
    for (const key of task.dependencies ?? []) {
      const dependency = demoTasks.findIndex((other) => other.key === key);
      expect(dependency, `${task.key} waits for ${key}`).toBeGreaterThanOrEqual(0);
      expect(dependency).toBeLessThan(index);
      expect(demoTasks[dependency]?.merge).toBe('auto');
    }
});

describe('the scripted agent', () => {
  test('plans and reviews every task with a structured answer', async () => {
    const copy = await copyOf('plans');
    const sessions = demoTasks.map(async ({ title }) => {
      const plan = await play(copy, { phase: 'PLAN', title });
      expect(plan.answer, title).toMatchObject({ plan: expect.stringContaining('## Plan'), writeTests: false });
      const review = await play(copy, { phase: 'REVIEW', title });
      expect(review.answer, title).toMatchObject({ verdict: 'approve', comments: [] });
    });
    await Promise.all(sessions);
    expect(await git(copy, 'status', '--porcelain')).toBe('');
  });

  test('writes code that passes the tests after each task, except one first attempt that its second mends', async () => {
    const copy = await copyOf('code');
    for (const { key, title } of demoTasks) {
      const { outcome } = await play(copy, { phase: 'CODE', title });
      expect(outcome.exitCode, `${title}: ${outcome.stderr}`).toBe(0);
      expect(await git(copy, 'status', '--porcelain'), title).not.toBe('');
      expect(await npmTest(copy), title).toBe(key === 'waiting-list' ? 1 : 0);
      if (key === 'waiting-list') {
        await play(copy, { phase: 'CODE', title, attempt: 2 });
        expect(await npmTest(copy), `${title}, again`).toBe(0);
      }
      await inside(copy, 'git', 'add', '--all');
      await inside(copy, 'git', 'commit', '--quiet', '-m', title);
    }
  });

  test('changes no file in two tasks, so that they merge in any order', async () => {
    const seen = new Map<string, string>();
    const touched = await git(path.join(folder, 'code'), 'log', '--format=%x00%s', '--name-only', '-6');
    for (const commit of touched.split('\0').filter(Boolean)) {
      const [title = '', , ...files] = commit.trim().split('\n');
      for (const file of files) {
        expect(seen.get(file), `${file} is changed by ${title} too`).toBeUndefined();
        seen.set(file, title);
      }
    }
    expect(seen.size).toBeGreaterThanOrEqual(10);
  });

  test('leaves a note for a task that is not in its script', async () => {
    const copy = await copyOf('note');
    await play(copy, { phase: 'CODE', title: 'Paint the boats' });
    expect(await git(copy, 'status', '--porcelain')).toContain('notes/');
  });
});

test('the demo registers its project and creates its tasks once', async () => {
  const projects: ReturnType<typeof aProject>[] = [];
  const tasks: ReturnType<typeof aTask>[] = [];
  const api = contractApi({
    listProjects: () => ({ items: projects }),
    addProject: ({ body }) => {
      projects.push(aProject({ path: body.path, name: body.name }));
      return projects[0] ?? aProject();
    },
    listTasks: () => ({ items: tasks }),
    createTasks: ({ body }) => {
      const items = body.tasks.map((t, i) => ({
        ...aTask({ id: `task-00000000000${i}`, title: t.title }),
        key: t.key,
      }));
      tasks.push(...items);
      return { items };
    },
  });
  const client = createClient({ url: 'http://sentra.test', token: 'secret', fetch: api });
  const said: string[] = [];
  const create = () =>
    createDemo({ client, home: folder, agent: 'demo-command', searchPath, onProgress: (line) => said.push(line) });
  expect((await create()).tasks).toHaveLength(6);
  expect((await create()).tasks).toHaveLength(6);
  expect(projects).toHaveLength(1);
  expect(said[0]).toContain('not installed');
});
