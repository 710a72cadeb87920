/** All rows that Sentra keeps, from one database as of one moment, and into an empty one: each table by COPY, in PostgreSQL's text format. */
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Dump, SavedRepository } from '#src/domain/backup.ts';
import { SentraError } from '#src/errors.ts';
import type { Connection, Connections } from '#src/store/connections.ts';
import { markRestored } from '#src/store/takeover.ts';

/** What is done to a schema is done by its own migrations; what they noted belongs to the database, not to its rows. */
const schemas = ['sentra', 'dbos'];
const notes = ['dbos.dbos_migrations'];

export type DumpedProject = {
  id: string;
  name: string;
  path: string;
  gitDir: string;
  baseBranch: string;
  remote: string | null;
  branches: SavedRepository['branches'];
};

/** `open`: where the rows of a table go. Writers are in nobody's way meanwhile. */
export async function dumpRows(
  ways: Pick<Connections, 'connect'>,
  open: (table: string) => Writable,
  signal: AbortSignal,
): Promise<{ dump: Dump; projects: DumpedProject[] }> {
  return withConnection(ways, 'sentra backup', async (client) => {
    await client.query('begin isolation level repeatable read read only');
    const dump: Dump = { migrations: await readMigrations(client), tables: [], sequences: [] };
    for (const { name, columns } of await listTables(client)) {
      const copy = client.query(copyTo(`copy ${quoted(name)} (${columns.map(quoted).join(', ')}) to stdout`));
      await pipeline(copy, open(name), { signal });
      dump.tables.push({ name, columns, rows: copy.rowCount });
    }
    const projects = await listProjects(client);
    await client.query('commit');
    dump.sequences = await readSequences(client); // no part of a transaction: later is never too low
    return { dump, projects };
  });
}

type Loading = {
  /** Of the Sentra that made the backup. */
  version: string;
  open: (table: string) => Readable;
  meanwhile: () => Promise<void>;
  signal: AbortSignal;
};

/**
 * Commits everything or nothing, and what `meanwhile` does before that with it. Answers how many runs were under way. Throws `conflict`
 * where there are projects already, or the rows are of another schema.
 */
export async function loadRows(
  ways: Pick<Connections, 'connect'>,
  dump: Dump,
  { version, open, meanwhile, signal }: Loading,
): Promise<number> {
  return withConnection(ways, 'sentra restore', async (client) => {
    await client.query('begin');
    const tables = await listTables(client);
    await client.query(`lock table ${tables.map(({ name }) => quoted(name)).join(', ')}`);
    await refuseUsed(client);
    await refuseOther(client, dump, version, tables);
    await client.query(`truncate ${tables.map(({ name }) => quoted(name)).join(', ')}`);
    for (const name of await inOrder(client, tables)) {
      const saved = dump.tables.find((table) => table.name === name);
      if (!saved) continue; // refused above
      const copy = client.query(copyFrom(`copy ${quoted(name)} (${saved.columns.map(quoted).join(', ')}) from stdin`));
      await pipeline(open(name), copy, { signal });
      if (copy.rowCount !== saved.rows)
        throw new SentraError('invalid', `The backup has ${copy.rowCount} rows of ${name} and says ${saved.rows}.`);
    }
    const known = new Set((await readSequences(client)).map(({ name }) => name));
    for (const { name, last, isCalled } of dump.sequences.filter((sequence) => known.has(sequence.name)))
      await client.query('select setval($1::regclass, $2, $3)', [name, last, isCalled]);
    const interrupted = await markRestored(client);
    await meanwhile();
    await client.query('commit');
    return interrupted;
  });
}

async function withConnection<T>(
  ways: Pick<Connections, 'connect'>,
  name: string,
  work: (client: Connection) => Promise<T>,
): Promise<T> {
  const client = await ways.connect(name);
  try {
    await client.query('set idle_in_transaction_session_timeout = 0'); // files and branches come in the middle of it
    return await work(client);
  } finally {
    await client.end();
  }
}

const quoted = (name: string): string =>
  name
    .split('.')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');

type Table = { name: string; columns: string[] };

async function listTables(client: Connection): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select nspname || '.' || relname as name, array(
       select attname::text from pg_attribute
       where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
     ) as columns
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = any($1) and relkind = 'r' and nspname || '.' || relname <> all($2) order by 1`,
    [schemas, notes],
  );
  return rows;
}

async function readMigrations(client: Connection): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `(select hash as name from drizzle.__drizzle_migrations order by id)
     union all (select 'dbos ' || version from dbos.dbos_migrations)`,
  );
  return rows.map(({ name }) => name);
}

async function readSequences(client: Connection): Promise<Dump['sequences']> {
  const { rows } = await client.query<{ name: string; last: string | null; start: string }>(
    `select schemaname || '.' || sequencename as name, last_value::text as last, start_value::text as start
     from pg_sequences where schemaname = any($1) order by 1`,
    [schemas],
  );
  return rows.map(({ name, last, start }) => ({ name, last: last ?? start, isCalled: last !== null }));
}

async function listProjects(client: Connection): Promise<DumpedProject[]> {
  const { rows } = await client.query<DumpedProject>(
    `select id, name, path, git_dir as "gitDir", base_branch as "baseBranch", remote, (
       select coalesce(jsonb_agg(jsonb_build_object('name', branch, 'taskId', task)), '[]') from (
         select branch_name as branch, task_id as task from sentra.worktrees join sentra.tasks on tasks.id = task_id
         where project_id = projects.id and deleted_at is null
         union select head_branch, task_id from sentra.pull_requests where project_id = projects.id and state = 'open'
       ) as found
     ) as branches
     from sentra.projects where removed_at is null order by name`,
  );
  return rows;
}

async function refuseUsed(client: Connection): Promise<void> {
  const { rows } = await client.query('select from sentra.projects limit 1');
  if (rows.length > 0)
    throw new SentraError(
      'conflict',
      'There are projects here already, and a restore replaces nothing. Set SENTRA_HOME to a new folder (or DATABASE_URL to a new database), then restore.',
    );
}

async function refuseOther(client: Connection, dump: Dump, version: string, tables: readonly Table[]): Promise<void> {
  const here = await readMigrations(client);
  const shapeOf = (all: readonly Table[]) =>
    JSON.stringify(all.map(({ name, columns }) => [name, [...columns].sort()]).sort());
  const isSame = JSON.stringify(here) === JSON.stringify(dump.migrations) && shapeOf(tables) === shapeOf(dump.tables);
  if (isSame) return;
  throw new SentraError(
    'conflict',
    `The backup was made by Sentra ${version}, whose tables are not those of this one. Restore it with that version; this one then brings them up to date when it starts.`,
  );
}

/** Each after those that its rows name. */
async function inOrder(client: Connection, tables: readonly Table[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string; needs: string }>(
    `select child.relnamespace::regnamespace || '.' || child.relname as name,
       parent.relnamespace::regnamespace || '.' || parent.relname as needs
     from pg_constraint join pg_class child on child.oid = conrelid join pg_class parent on parent.oid = confrelid
     where contype = 'f' and conrelid <> confrelid`,
  );
  const ordered: string[] = [];
  const place = (name: string, behind: readonly string[]): void => {
    if (ordered.includes(name)) return;
    if (behind.includes(name)) throw new Error(`the tables ${[...behind, name].join(', ')} name one another`);
    for (const row of rows) if (row.name === name) place(row.needs, [...behind, name]);
    ordered.push(name);
  };
  for (const { name } of tables) place(name, []);
  return ordered;
}
