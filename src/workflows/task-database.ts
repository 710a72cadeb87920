/** A task's own database or schema, where sentra.json asks for it: as old as its worktree, and gone with it. */
import { parseEnv } from 'node:util';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import { readPlain } from '#src/environment/plain-path.ts';
import { SentraError } from '#src/errors.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import {
  createTaskDatabase,
  dropTaskDatabase,
  newTaskDatabaseName,
  placeOf,
  urlOfTaskDatabase,
} from '#src/store/project-server.ts';
import {
  findTaskDatabase,
  forgetTaskDatabase,
  markTaskDatabaseReady,
  planTaskDatabase,
  type TaskDatabaseRow,
} from '#src/store/task-databases.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import type { SetupFacts } from '#src/workflows/room.ts';
import { type SetupSteps, treeOf } from '#src/workflows/setup-steps.ts';

type DatabaseFacts = Pick<SetupFacts, 'taskId' | 'config'> & { project: { id: string; path: string } };

/** The task's DATABASE_URL: of its own database, made where it is missing, else the project's. */
export async function openTaskDatabase(
  parts: Parts,
  facts: DatabaseFacts,
  { worktreePath, steps, log }: { worktreePath: string; steps: SetupSteps; log: Logger },
): Promise<string | undefined> {
  const { perTask, template, url: plain } = facts.config.database ?? {};
  if (plain !== undefined) keepSecret(parts, plain);
  if (!perTask) return plain;
  const url = await serverOf(facts.config, facts.project.path);
  keepSecret(parts, url);
  const tree = await treeOf(worktreePath);
  const there = await findTaskDatabase(parts.database.db, facts.taskId);
  const place = placeOf(url);
  if (there?.readyAt && there.kind === perTask && there.place === place && there.tree === tree)
    return urlOfTaskDatabase(url, there);
  const means = `${perTask} on ${place}${template ? ` from ${template}` : ''}`;
  const tell = (row: TaskDatabaseRow) => ({
    outcome: 'passed' as const,
    summary: `The ${row.kind} ${row.name}, ${means}`,
  });
  const wanted = { kind: perTask, place, tree, template };
  const made = await steps.run({ name: 'database', means, tell }, () => make(parts, facts, url, wanted));
  const row = made ?? (await findTaskDatabase(parts.database.db, facts.taskId));
  if (!row) return undefined;
  void log.info(`The task has the ${row.kind} ${row.name} of its own on ${place}`, {
    kind: 'step',
    toolUsed: 'database',
  });
  return urlOfTaskDatabase(url, row);
}

/** The URL for the environment of one that is there; nothing is made. */
export async function findTaskDatabaseUrl(parts: Parts, facts: DatabaseFacts): Promise<string | undefined> {
  if (!facts.config.database?.perTask) return undefined;
  const row = await findTaskDatabase(parts.database.db, facts.taskId);
  if (!row?.readyAt) return undefined;
  const url = await serverOf(facts.config, facts.project.path);
  keepSecret(parts, url);
  return urlOfTaskDatabase(url, row);
}

/** What leads to it for programs behind the wall (access.ts): the login is Sentra's, so neither user nor password is in it. */
export const databaseInside = {
  port: 5432,
  urlOf: (url: string) => `postgres://sentra@127.0.0.1:5432${new URL(url).pathname}`,
};

/** Throws what keeps it from being dropped; then it is known on, and tried again by the clean-up. */
export async function removeTaskDatabase(
  parts: Parts,
  project: { path: string; gitDir: string },
  taskId: string,
): Promise<TaskDatabaseRow | undefined> {
  const row = await findTaskDatabase(parts.database.db, taskId);
  if (!row) return undefined;
  await dropWhereItIs(await serverOf(readProjectConfig(project), project.path), row);
  await forgetTaskDatabase(parts.database.db, taskId);
  return row;
}

/** Programs print the address that they were given. */
function keepSecret({ redactor }: Pick<Parts, 'redactor'>, url: string): void {
  const password = URL.canParse(url) ? new URL(url).password : '';
  redactor.learn(password);
  redactor.learn(decodeURIComponent(password));
}

async function make(
  parts: Parts,
  { taskId, project }: DatabaseFacts,
  url: string,
  wanted: { kind: TaskDatabaseRow['kind']; place: string; tree: string; template: string | undefined },
): Promise<TaskDatabaseRow> {
  const { db } = parts.database;
  const { kind, place, tree, template } = wanted;
  const old = await findTaskDatabase(db, taskId);
  const fits = old && old.kind === kind && old.place === place && old.tree === tree;
  if (old && !fits) {
    await dropWhereItIs(url, old); // of a worktree that is gone
    await forgetTaskDatabase(db, taskId);
  }
  if (!fits)
    await planTaskDatabase(db, { taskId, projectId: project.id, name: newTaskDatabaseName(taskId), kind, place, tree });
  const row = await findTaskDatabase(db, taskId);
  if (!row) throw new SentraError('conflict', `The database of ${taskId} was removed meanwhile; retry the task.`);
  await createTaskDatabase(url, { taskId, kind, name: row.name, template });
  await markTaskDatabaseReady(db, taskId);
  return { ...row, readyAt: new Date().toISOString() };
}

const maxEnvBytes = 1024 * 1024;

/** `database.url` of sentra.json, else DATABASE_URL of the main checkout's .env.local or .env, which git need not keep. */
export async function serverOf({ database }: ProjectConfig, repositoryPath: string): Promise<string> {
  if (database?.url !== undefined) return database.url;
  for (const name of ['.env.local', '.env']) {
    const bytes = await readPlain(repositoryPath, name, maxEnvBytes);
    const url = parseEnv(bytes?.toString() ?? '').DATABASE_URL;
    if (url && /^postgres(ql)?:\/\//.test(url)) return url;
  }
  throw new SentraError(
    'invalid_config',
    `${repositoryPath}: tasks should have databases of their own, but there is neither database.url in sentra.json nor a DATABASE_URL of a PostgreSQL server in .env.local or .env. Add one, then retry.`,
  );
}

/** `url` is the project's now: the same server, but perhaps another database, and a schema is in the one it was made in. */
async function dropWhereItIs(url: string, row: TaskDatabaseRow): Promise<void> {
  const [server, database] = row.place.split('/');
  if (placeOf(url).split('/')[0] !== server)
    throw new SentraError(
      'task_database_failed',
      `The ${row.kind} ${row.name} of ${row.taskId} is on ${row.place}, but the project's database is on ${placeOf(url)} by now. Set that back until it is dropped, or drop it by hand.`,
    );
  const there = new URL(url);
  if (row.kind === 'schema') there.pathname = `/${database}`;
  await dropTaskDatabase(there.href, row);
}
