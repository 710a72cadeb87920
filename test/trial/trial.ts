/**
 * A trial of agents and prompts: a whole Sentra takes a backlog to pull requests, and what came of it is judged by programs that
 * no agent has seen, behind the wall. The one number is how many tasks are done that say so.
 */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promptRoles } from '#src/domain/prompt.ts';
import type { Task } from '#src/domain/task.ts';
import { createRunner, harmlessEnvironment } from '#src/environment/runner.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { git, makeFolder } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';
import type { TrialRepository, TrialTask } from './backlog.ts';

export type TrialOptions = {
  repositories: readonly TrialRepository[];
  agent: string;
  model?: string | undefined;
  /** A folder with `code.md` and its like: prompts to be tried in the place of Sentra's own. */
  prompts?: string | undefined;
  /** For the server: the model's key, and where it is. */
  env: Record<string, string>;
  say: (line: string) => void;
};

export type TrialResult = {
  repository: string;
  task: string;
  /** What Sentra says. */
  status: Task['status'];
  /** What the program says that nobody has seen. */
  accepted: boolean;
  error: string | null;
  sessions: number;
  /** Phases whose sessions were sent a prompt of the project's own. */
  ownPrompts: string[];
  /** Of CODE, and of REVIEW. */
  attempts: [number, number];
  tokens: number;
  /** US dollars; null where a price is not known. */
  costUsd: number | null;
  seconds: number;
};

const longestMs = 3_600_000;

export async function runTrial(options: TrialOptions): Promise<TrialResult[]> {
  const sentra = await startTestSentra({ env: options.env });
  try {
    const asked = await Promise.all(options.repositories.map((repository) => ask(sentra, repository, options)));
    return await Promise.all(asked.flat().map((one) => follow(sentra, one, options)));
  } finally {
    await sentra.stop();
  }
}

type Asked = { id: string; repository: TrialRepository; place: string; task: TrialTask };

async function ask({ client }: TestSentra, repository: TrialRepository, options: TrialOptions): Promise<Asked[]> {
  const { agent, model, prompts } = options;
  const place = await repository.make(agent);
  const { id: projectId } = await client.addProject({ body: { path: place, name: repository.name } });
  for (const role of prompts ? promptRoles : []) {
    const text = readPrompt(path.join(prompts ?? '', `${role.toLowerCase()}.md`));
    if (text) await client.putPrompt({ params: { id: projectId, role }, body: { text } });
  }
  const tasks = repository.tasks.map(({ title, description, type }, at) => ({
    ...{ key: `t${at}`, title, description, type, autoStart: true },
    ...(model ? { model } : {}),
  }));
  const { items } = await client.createTasks({ body: { projectId, tasks } });
  return repository.tasks.map((task, at) => ({ id: items[at]?.id ?? '', repository, place, task }));
}

function readPrompt(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw e;
  }
}

async function follow(
  sentra: TestSentra,
  { id, repository, place, task }: Asked,
  { say }: TrialOptions,
): Promise<TrialResult> {
  const begun = performance.now();
  const ended = await waitForTask(sentra, id, undefined, longestMs);
  const attempt = (name: string) => ended.phases.find(({ phase }) => phase === name)?.attempt ?? 0;
  const { items: sessions } = await sentra.client.listSessions({ params: { id } });
  const result: TrialResult = {
    repository: repository.name,
    task: task.title,
    status: ended.status,
    accepted: ended.branchName ? await isAccepted(place, ended.branchName, task) : false,
    error: ended.error?.message ?? null,
    sessions: sessions.length,
    ownPrompts: [...new Set(sessions.flatMap((one) => (one.promptVersion ? [one.phase] : [])))],
    attempts: [attempt('CODE'), attempt('REVIEW')],
    tokens: ended.tokens,
    costUsd: ended.costUsd,
    seconds: Math.round((performance.now() - begun) / 1000),
  };
  say(tell(result));
  return result;
}

export function tell({
  repository,
  task,
  status,
  accepted,
  attempts,
  tokens,
  costUsd,
  seconds,
  error,
}: TrialResult): string {
  const cost = costUsd === null ? 'price unknown' : `$${costUsd.toFixed(2)}`;
  const rounds = `CODE ${attempts[0]}, REVIEW ${attempts[1]}`;
  const said = `${status}, ${accepted ? 'accepted' : 'not accepted'}`;
  return `${repository}: ${task}: ${said}; ${rounds}; ${tokens} tokens, ${cost}, ${seconds} s${error ? `; ${error}` : ''}`;
}

/** Whether a task is done on a branch, or any commit: looked at in a copy, behind the wall, without a network. */
export async function isAccepted(repository: string, revision: string, { accept }: TrialTask): Promise<boolean> {
  const folder = makeFolder('accept');
  const worktreePath = path.join(folder, 'copy');
  git(repository, 'worktree', 'add', '--quiet', '--detach', worktreePath, revision);
  rmSync(path.join(worktreePath, '.git'));
  copyFileSync(path.join(import.meta.dirname, 'acceptance', accept.file), path.join(worktreePath, accept.file));
  const sandbox = createSandbox({ stateDir: path.join(folder, 'state') });
  const room = { worktreePath, homePath: path.join(folder, 'home') };
  const runner = createRunner({ sandbox, room, baseEnv: harmlessEnvironment(process.env) });
  try {
    const command = [...accept.program, accept.file];
    return (await runner.run(command, { network: 'none', timeoutMs: 60_000 })).exitCode === 0;
  } finally {
    await sandbox.close();
    git(repository, 'worktree', 'prune');
  }
}

/** Said to be done and not done is the worst: a person would have merged it. */
export function sumUp(results: readonly TrialResult[]): Record<string, number | null> {
  const done = results.filter(({ status }) => status === 'in_review' || status === 'completed');
  const costs = results.map(({ costUsd }) => costUsd);
  return {
    tasks: results.length,
    done: done.filter(({ accepted }) => accepted).length,
    wronglyDone: done.filter(({ accepted }) => !accepted).length,
    givenUp: results.length - done.length,
    tokens: results.reduce((sum, { tokens }) => sum + tokens, 0),
    costUsd: costs.includes(null) ? null : costs.reduce((sum: number, cost) => sum + (cost ?? 0), 0),
  };
}
