/**
 * The PostgreSQL server of a project, which is not our store: makes and drops what a task has there. Nothing is dropped that
 * does not bear the task's mark, and no message of this file has more of an address than host, port and database.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { messageOf, SentraError } from '#src/errors.ts';

export type TaskDatabase = {
  taskId: string;
  kind: 'database' | 'schema';
  /** Made by `newTaskDatabaseName`. */
  name: string;
};

const patienceMs = 10_000;
const connectMs = 10_000;

/** Letters and digits only, and so random that nobody else has it. */
export const newTaskDatabaseName = (taskId: string): string =>
  `sentra_${taskId.replace(/^task-/, '').replace(/\W/g, '')}_${crypto.randomUUID().slice(0, 8)}`;

/** Makes it empty, or as a copy of `template`. Made already, it stays. Throws `task_database_failed`. */
export async function createTaskDatabase(
  url: string,
  database: TaskDatabase & { template?: string | undefined },
  signal?: AbortSignal,
): Promise<void> {
  const { kind, name, template } = database;
  await withServer(url, kind, async (client) => {
    const comment = `comment on ${kind} ${quote(name)} is ${client.escapeLiteral(markOf(database))}`;
    if (kind === 'schema') {
      await client.query(`begin; create schema if not exists ${quote(name)}; ${comment}; commit`);
      return;
    }
    if (!(await findMark(client, database))) await clone(client, { name, template }, signal);
    await client.query(comment);
  });
}

/** Ends whoever is connected to it. Answers false when it was gone. Throws `task_database_failed`. */
export async function dropTaskDatabase(url: string, database: TaskDatabase): Promise<boolean> {
  const { kind, name } = database;
  return withServer(url, kind, async (client) => {
    const found = await findMark(client, database);
    if (!found) return false;
    // Without a mark it is one whose making was cut off: its name was written down first and is nobody else's.
    if (found.mark !== null && found.mark !== markOf(database))
      throw new SentraError(
        'task_database_failed',
        `The ${kind} ${name} on ${placeOf(url)} does not bear Sentra's mark any more (its comment was changed), so it is left alone. Drop it by hand if it is of no use.`,
      );
    await client.query(`drop ${kind} ${quote(name)} ${kind === 'database' ? 'with (force)' : 'cascade'}`);
    return true;
  });
}

/** How much disk they take, by their names; those that are not there are left out. Throws `task_database_failed`. */
export async function measureTaskDatabases(
  url: string,
  kind: TaskDatabase['kind'],
  names: readonly string[],
): Promise<Map<string, number>> {
  const query =
    kind === 'database'
      ? 'select datname as name, pg_database_size(oid) as bytes from pg_database where datname = any($1::text[])'
      : `select n.nspname as name, coalesce(sum(pg_total_relation_size(c.oid)), 0) as bytes from pg_namespace n
         left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'm') where n.nspname = any($1::text[]) group by 1`;
  return withServer(url, kind, async (client) => {
    const { rows } = await client.query<{ name: string; bytes: string }>(query, [names]);
    return new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
  });
}

/** The address of a task's own database on the server of `url`. */
export function urlOfTaskDatabase(url: string, { kind, name }: Pick<TaskDatabase, 'kind' | 'name'>): string {
  const own = parse(url);
  if (kind === 'database') own.pathname = `/${name}`;
  else {
    // By hand, because libpq takes no "+" for a blank, which URLSearchParams would write.
    const path = `-csearch_path%3D${name}`;
    own.search = /[?&]options=/.test(own.search)
      ? own.search.replace(/([?&]options=[^&]*)/, `$1%20${path}`)
      : `${own.search || '?'}${own.search.length > 1 ? '&' : ''}options=${path}`;
  }
  return own.href;
}

/** Host, port and database, without credentials. */
export function placeOf(url: string): string {
  const { hostname, port, pathname } = parse(url);
  return `${hostname || 'localhost'}:${port || 5432}${pathname}`;
}

function parse(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new SentraError(
    'invalid_config',
    'database.url of sentra.json (or DATABASE_URL of .env.local or .env) is no address like postgres://me@localhost:5432/app.',
  );
}

const markOf = ({ taskId }: TaskDatabase): string => `Made by Sentra for ${taskId}; it goes with the task's worktree`;

const quote = (name: string): string => pg.escapeIdentifier(name);

async function findMark(client: pg.Client, { kind, name }: TaskDatabase): Promise<{ mark: string | null } | undefined> {
  const query =
    kind === 'database'
      ? "select shobj_description(oid, 'pg_database') as mark from pg_database where datname = $1"
      : "select obj_description(oid, 'pg_namespace') as mark from pg_namespace where nspname = $1";
  return (await client.query<{ mark: string | null }>(query, [name])).rows[0];
}

/** Waits a while for a template that somebody is connected to. */
async function clone(
  client: pg.Client,
  { name, template }: { name: string; template: string | undefined },
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  const statement = `create database ${quote(name)}${template === undefined ? '' : ` template ${quote(template)}`}`;
  for (;;) {
    try {
      await client.query(statement);
      return;
    } catch (e) {
      if (codeOf(e) !== '55006') throw e;
      if (Date.now() > deadline) throw await busy(client, template ?? 'template1');
      await sleep(250, undefined, { signal });
    }
  }
}

async function busy(client: pg.Client, template: string): Promise<SentraError> {
  const { rows } = await client.query<{ who: string }>(
    "select distinct usename || coalesce(' with ' || nullif(application_name, ''), '') as who from pg_stat_activity where datname = $1 limit 5",
    [template],
  );
  const who = rows.length ? `: ${rows.map((row) => row.who).join(', ')}` : '';
  return new SentraError(
    'task_database_failed',
    `The template ${template} cannot be copied while somebody is connected to it${who}. Close those connections, or set database.template to one that nobody uses, then retry.`,
  );
}

/** A database is made from beside it: being connected to a template would keep it busy. */
async function withServer<T>(
  url: string,
  kind: TaskDatabase['kind'],
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  let client: pg.Client | undefined;
  try {
    client = kind === 'database' ? await connectBeside(url) : await connect(url);
    return await work(client);
  } catch (e) {
    throw explain(e, url, kind);
  } finally {
    await client?.end().catch(() => {}); // the connection is already gone
  }
}

async function connectBeside(url: string): Promise<pg.Client> {
  const beside = parse(url);
  beside.pathname = '/postgres';
  try {
    return await connect(beside.href);
  } catch (e) {
    if (codeOf(e) !== '3D000' && codeOf(e) !== '42501') throw e;
    return connect(url);
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: connectMs,
    application_name: 'sentra',
  });
  client.on('error', () => {}); // the query that was running rejects with the same error
  await client.connect();
  return client;
}

const codeOf = (thrown: unknown): string => String((thrown as { code?: unknown } | undefined)?.code ?? '');

function explain(thrown: unknown, url: string, kind: TaskDatabase['kind']): SentraError {
  if (thrown instanceof SentraError) return thrown;
  const why = messageOf(thrown) || codeOf(thrown);
  return new SentraError(
    'task_database_failed',
    `A ${kind} for the task on ${placeOf(url)}: ${why}. ${wayOut(codeOf(thrown), url)}`,
    {
      cause: thrown,
    },
  );
}

function wayOut(code: string, url: string): string {
  const user = decodeURIComponent(parse(url).username) || 'the user';
  if (code === '42501')
    return `Give the right (\`ALTER ROLE ${user} CREATEDB\`, or CREATE on the database for a schema), then retry.`;
  if (/^28/.test(code))
    return 'Correct the user or the password in database.url of sentra.json or in .env, then retry.';
  if (code === '3D000')
    return 'Make that database, or correct database.url or database.template in sentra.json, then retry.';
  return 'See that the server runs and can be reached from here, then retry.';
}
