/** What a test of survival looks at: what a task says, what runs for it, and what is left of it in the end. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Task } from '#src/domain/task.ts';
import { git, makeRepository } from './repository.ts';
import { type TestSentra, until } from './sentra.ts';

/** All log lines of a task; fails when their numbers are not 1, 2, 3 and so on. */
export async function listLines({ client }: Pick<TestSentra, 'client'>, taskId: string): Promise<string[]> {
  const { items } = await client.listLogs({ params: { taskId }, query: { limit: 1000 } });
  expect(items.map((line) => line.seq)).toEqual(items.map((_, at) => at + 1));
  return items.map((line) => line.message);
}

/** Waits for a line of a task's log. */
export const waitForLine = (sentra: TestSentra, taskId: string, text: string, timeoutMs = 30_000): Promise<void> =>
  until(
    async () => (await listLines(sentra, taskId)).some((line) => line.includes(text)),
    timeoutMs,
    () => `no line "${text}"; the server said:\n${sentra.output()}`,
  );

/** A shell command that stays for ever the first time, and goes on the next. What it prints is not in its own text, which the log tells too. */
export const holdsOnce = (name: string): string =>
  `test -e "$HOME/held-${name}" || { touch "$HOME/held-${name}"; echo 'holding' ${name}; sleep 600; }`;

/** Processes that work for a task: its id is among their arguments or in their environment. */
export function processesOf(taskId: string): number[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(path.join('/proc', pid, file), 'utf8');
    } catch {
      return ''; // it ended at this moment
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(pid, 'cmdline').includes(taskId) || read(pid, 'environ').includes(taskId))
    .map(Number);
}

/** Waits until none of these processes is there any more. */
export const waitForEnd = (pids: readonly number[], timeoutMs = 10_000): Promise<void> =>
  until(
    () => pids.every((pid) => !existsSync(`/proc/${pid}`)),
    timeoutMs,
    () => `still alive: ${pids.filter((pid) => existsSync(`/proc/${pid}`))}`,
  );

/** The attempts of a task's newest run, as `CODE 1 passed`. */
export async function listAttempts({ client }: Pick<TestSentra, 'client'>, id: string): Promise<string[]> {
  const { items } = await client.listRuns({ params: { id } });
  return (items[0]?.phases ?? []).map((p) => `${p.phase} ${p.attempt} ${p.state}`);
}

/** A task went through every phase in one attempt each, and whatever was cut off on the way left nothing double. */
export async function expectWhole(sentra: TestSentra, task: Task, repositoryPath: string): Promise<void> {
  const { client } = sentra;
  expect(task).toMatchObject({ status: 'in_review', error: null, pullRequest: { state: 'open' } });
  expect(await listAttempts(sentra, task.id)).toEqual([
    'PLAN 1 passed',
    'CODE 1 passed',
    'TEST 1 passed',
    'REVIEW 1 passed',
  ]);
  const subjects = git(repositoryPath, 'log', '--format=%s', `main..${task.branchName}`).split('\n');
  expect(subjects).toEqual([`code: ${task.title}`, `plan: Plan for ${task.title}`]);
  const files = git(repositoryPath, 'diff', '--name-only', `main...${task.branchName}`);
  expect(files.split('\n')).toEqual([`.sentra/plans/${task.id}.md`, 'state.txt', `${task.id}.txt`].sort());
  const everything = (await client.listEvidence({ params: { id: task.id } })).items;
  const evidence = everything.filter((e) => e.adwId === task.adwId);
  expect(evidence.map((e) => `${e.phase} ${e.attempt} ${e.kind}`).sort()).toEqual([
    'CODE 1 diff',
    'PLAN 1 diff',
    'PLAN 1 plan',
    'REVIEW 1 verdict',
    'TEST 1 tests',
  ]);
  await listLines(sentra, task.id);
}

/** A repository with this configuration and a task of it that has been started. */
export async function beginTask(
  { client }: Pick<TestSentra, 'client'>,
  config: object,
  more: Omit<NonNullable<Parameters<typeof makeRepository>[0]>, 'config'> = {},
) {
  const repository = makeRepository({ config, ...more });
  const project = await client.addProject({ body: { path: repository.path } });
  const { id } = await client.createTask({ body: { projectId: project.id, title: 'Survive' } });
  await client.executeTask({ params: { taskId: id }, body: {} });
  return { id, repository };
}
