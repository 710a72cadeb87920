/** Tasks that go wrong, and what a person then sees of it: on the task, in its `why`, in its log. */
import { expect } from 'vitest';
import type { NewTaskInput, Task } from '#src/domain/task.ts';
import { makeRepository } from './repository.ts';
import { type TestSentra, waitForTask } from './sentra.ts';

type Repository = ReturnType<typeof makeRepository>;
type Sentra = Pick<TestSentra, 'client'>;

/** Registers a new repository; answers it with its project's id. */
export async function addRepository(
  { client }: Sentra,
  options: Parameters<typeof makeRepository>[0] = {},
): Promise<Repository & { projectId: string }> {
  const repository = makeRepository(options);
  const { id } = await client.addProject({ body: { path: repository.path } });
  return { ...repository, projectId: id };
}

/** Starts a task and waits until it has ended in one way or another. */
export async function runTask(sentra: Sentra, task: NewTaskInput): Promise<Task> {
  const { id } = await sentra.client.createTask({ body: { autoStart: true, ...task } });
  return waitForTask(sentra, id);
}

/** A task in a repository of its own. */
export async function runIn(
  sentra: Sentra,
  options: Parameters<typeof makeRepository>[0],
  task: Partial<NewTaskInput> = {},
): Promise<{ task: Task; repository: Repository }> {
  const { projectId, ...repository } = await addRepository(sentra, options);
  return { task: await runTask(sentra, { projectId, title: 'Change a thing', ...task }), repository };
}

export async function retry(sentra: Sentra, id: string): Promise<Task> {
  await sentra.client.retryTask({ params: { id }, body: {} });
  return waitForTask(sentra, id);
}

/** Checks that a failure is told everywhere with the same code, and that its message has all the words. */
export async function expectTold({ client }: Sentra, task: Task, code: string, ...words: (string | RegExp)[]) {
  expect(task, JSON.stringify(task.error)).toMatchObject({ status: 'failed', error: { code } });
  const message = task.error?.message ?? '';
  for (const word of words) expect(message).toMatch(typeof word === 'string' ? literally(word) : word);
  const why = await client.getWhy({ params: { id: task.id } });
  expect(why.runnable).toBe(false);
  expect(why.reasons.find((reason) => reason.code === code)?.message).toContain(message);
  const listTold = async () => {
    const { items } = await client.listLogs({ params: { taskId: task.id }, query: { level: 'error' } });
    return items.map((line) => [line.metadata.error, line.message]);
  };
  await expect.poll(listTold, { timeout: 10_000 }).toContainEqual([code, message]); // its log hears of it after the task
}

/** The code and message of a refusal. */
export async function refusal(call: Promise<unknown>): Promise<{ code: string; message: string }> {
  const thrown = await call.then(
    () => expect.unreachable('it was not refused'),
    (e) => e,
  );
  return { code: thrown.code, message: thrown.message };
}

const literally = (text: string) => new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
