/** From what a person types to the thing that is meant. */
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '#src/client/client.ts';
import { shortId, TaskId } from '#src/domain/ids.ts';
import type { Project } from '#src/domain/project.ts';
import { nearest } from '#src/domain/project-config.ts';
import type { Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';

/** The id of the task that is meant by a whole id, its first characters, or those without `task-`. */
export async function getTaskId(client: Client, given: string): Promise<string> {
  if (TaskId.safeParse(given).success) return given;
  const typed = given.replace(/^task-/, '').toLowerCase();
  const matches = (await listAllTasks(client)).filter((task) => task.id.slice('task-'.length).startsWith(typed));
  const [match, ...others] = matches;
  if (typed === '' || !match)
    throw new SentraError('not_found', `There is no task ${given}: \`npx sentra task list\` shows those there are.`);
  if (others.length === 0) return match.id;
  const some = matches.slice(0, 5).map((task) => `${task.id} (${task.title})`);
  throw new SentraError('invalid', `${given} fits ${matches.length} tasks: ${some.join(', ')}. Type more of the id.`);
}

/** Every task, or every one of a project, over all pages. */
export async function listAllTasks(client: Client, query: Omit<TaskPage, 'cursor'> = {}): Promise<Task[]> {
  const tasks: Task[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.listTasks({ query: { ...query, limit: 1000, ...(cursor ? { cursor } : {}) } });
    tasks.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return tasks;
}
type TaskPage = Parameters<Client['listTasks']>[0]['query'];

/** The project that is meant by id, name or first characters of the id; without any, the one around `cwd`. */
export async function getProject(client: Client, given: string | undefined, cwd: string): Promise<Project> {
  const { items } = await client.listProjects();
  if (given !== undefined) return named(items, given);
  const here = await around(items, cwd);
  if (here) return here;
  throw new SentraError(
    'invalid',
    `${cwd} is in no registered repository: name a project of \`npx sentra project list\`, or register it with \`npx sentra project add ${cwd}\`.`,
  );
}

/** As `getProject`, but undefined where none is named and `cwd` is in none. */
export async function findProject(
  client: Client,
  given: string | undefined,
  cwd: string,
): Promise<Project | undefined> {
  const { items } = await client.listProjects();
  return given === undefined ? around(items, cwd) : named(items, given);
}

function named(projects: readonly Project[], given: string): Project {
  const exact = projects.filter((p) => p.id === given || p.name === given);
  const matches = exact.length ? exact : projects.filter((p) => p.id.startsWith(given) || shortId(p.id) === given);
  const [match, ...others] = matches;
  if (match && others.length === 0) return match;
  if (match) throw new SentraError('invalid', `${given} fits ${matches.length} projects: use the id.`);
  const near = nearest(
    given,
    projects.map((p) => p.name),
  );
  throw new SentraError(
    'not_found',
    `There is no project ${given}${near ? `; did you mean ${near}?` : ': `npx sentra project list` shows those there are.'}`,
  );
}

/** A worktree shares its repository's git directory, so that is what tells where we are. */
async function around(projects: readonly Project[], cwd: string): Promise<Project | undefined> {
  const gitDir = await findCommonGitDir(cwd);
  return gitDir === undefined ? undefined : projects.find((project) => project.gitDir === gitDir);
}

async function findCommonGitDir(folder: string): Promise<string | undefined> {
  const dotGit = path.join(folder, '.git');
  const found = await stat(dotGit).catch(() => undefined);
  if (found?.isDirectory()) return realpath(dotGit);
  if (found?.isFile()) return readGitFile(folder, await readFile(dotGit, 'utf8'));
  const parent = path.dirname(folder);
  return parent === folder ? undefined : findCommonGitDir(parent);
}

async function readGitFile(folder: string, text: string): Promise<string | undefined> {
  const own = /^gitdir: (.+)$/m.exec(text)?.[1];
  if (own === undefined) return undefined;
  const gitDir = path.resolve(folder, own);
  const common = await readFile(path.join(gitDir, 'commondir'), 'utf8').catch(() => '.');
  return realpath(path.resolve(gitDir, common.trim())).catch(() => undefined);
}
