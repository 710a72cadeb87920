import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  createTaskDatabase,
  dropTaskDatabase,
  measureTaskDatabases,
  newTaskDatabaseName,
  placeOf,
  urlOfTaskDatabase,
} from '#src/store/project-server.ts';

const suffix = randomBytes(4).toString('hex');
const template = `app_template_${suffix}`;
const role = `app_user_${suffix}`;
const password = 'pass-w0rd!';
/** Of a person who may make databases, as a project's sentra.json names them. */
let url: string;

const query = async (address: string, sql: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: address });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
};
const asAdmin = (sql: string, values: unknown[] = []) => query(inject('postgresUrl'), sql, values);
const names = async () => (await asAdmin('select datname from pg_database')).map((row) => row.datname);

beforeAll(async () => {
  await asAdmin(`create role ${role} login createdb password '${password}'`);
  await asAdmin(`create database ${template} owner ${role}`);
  const own = new URL(inject('postgresUrl'));
  Object.assign(own, { username: role, password: encodeURIComponent(password), pathname: `/${template}` });
  url = own.href;
  await query(url, 'create table fruit as select 7 as apples');
});
afterAll(async () => {
  for (const name of await names())
    if (name.startsWith('sentra_') && name.includes('database')) await asAdmin(`drop database ${name} with (force)`);
  await asAdmin(`drop database ${template} with (force)`);
  await asAdmin(`drop role ${role}`);
});

const taskDatabase = (kind: 'database' | 'schema') => {
  const taskId = 'task-database0001';
  return { taskId, kind, name: newTaskDatabaseName(taskId) };
};

it('a clone has what the template has, is made once however often it is asked for, and goes', async () => {
  const one = taskDatabase('database');
  await createTaskDatabase(url, { ...one, template });
  const own = urlOfTaskDatabase(url, one);
  await query(own, 'update fruit set apples = 8');
  await createTaskDatabase(url, { ...one, template });
  expect(await query(own, 'select apples from fruit')).toEqual([{ apples: 8 }]);
  expect(await query(url, 'select apples from fruit')).toEqual([{ apples: 7 }]);
  expect(await dropTaskDatabase(url, one)).toBe(true);
  expect(await names()).not.toContain(one.name);
  expect(await dropTaskDatabase(url, one)).toBe(false);
});

it('a database is dropped while programs are connected to it', async () => {
  const one = taskDatabase('database');
  await createTaskDatabase(url, one);
  const guest = new pg.Client({ connectionString: urlOfTaskDatabase(url, one) });
  const ended = new Promise((done) => guest.on('error', done));
  await guest.connect();
  expect(await dropTaskDatabase(url, one)).toBe(true);
  await ended;
});

it('what tables a task makes in its schema nobody else sees, and they go with it', async () => {
  const one = taskDatabase('schema');
  await createTaskDatabase(url, one);
  await createTaskDatabase(url, one);
  const own = urlOfTaskDatabase(url, one);
  await query(own, 'create table fruit (pears int)');
  expect(await query(own, 'select current_schema() as schema')).toEqual([{ schema: one.name }]);
  expect(await query(url, 'select * from fruit')).toEqual([{ apples: 7 }]);
  expect(await dropTaskDatabase(url, one)).toBe(true);
  expect(await query(url, 'select from pg_namespace where nspname = $1', [one.name])).toEqual([]);
});

it.each(['database', 'schema'] as const)('a %s whose comment is not ours is left alone', async (kind) => {
  const one = taskDatabase(kind);
  await createTaskDatabase(url, one);
  await query(urlOfTaskDatabase(url, one), `comment on ${kind} ${one.name} is 'kept for the audit'`);
  await expect(dropTaskDatabase(url, one)).rejects.toMatchObject({
    code: 'task_database_failed',
    message: expect.stringContaining('left alone'),
  });
  await query(urlOfTaskDatabase(url, one), `comment on ${kind} ${one.name} is null`);
  expect(await dropTaskDatabase(url, one)).toBe(true);
});

it('a template that is in use is waited for', async () => {
  const guest = new pg.Client({ connectionString: url, application_name: 'psql of Ada' });
  await guest.connect();
  const one = taskDatabase('database');
  let isMade = false;
  const making = createTaskDatabase(url, { ...one, template }).then(() => {
    isMade = true;
  });
  await waitFor(
    async () =>
      (
        await asAdmin(
          "select from pg_stat_activity where query like 'create database%' and application_name = 'sentra'",
        )
      ).length > 0,
  );
  expect(isMade).toBe(false);
  await guest.end();
  await making;
  expect(await dropTaskDatabase(url, one)).toBe(true);
});

const failures: [string, (address: URL) => object, RegExp][] = [
  ['a server that is down', (address) => ({ port: '1', hostname: address.hostname }), /ECONNREFUSED.*server runs/],
  ['a wrong password', () => ({ password: 'secret-and-wrong' }), /password authentication failed.*Correct the user/],
];
it.each(failures)('%s is told with a way out and without the password', async (_, change, message) => {
  const wrong = new URL(url);
  Object.assign(wrong, change(wrong));
  const thrown = await createTaskDatabase(wrong.href, taskDatabase('database')).catch((e: Error) => e);
  expect(thrown).toMatchObject({ code: 'task_database_failed', message: expect.stringMatching(message) });
  expect(JSON.stringify([thrown, (thrown as Error).message])).not.toContain(new URL(wrong).password);
});

it('a missing right and a missing template are told with what to do', async () => {
  await expect(createTaskDatabase(url, { ...taskDatabase('database'), template: 'nowhere' })).rejects.toThrow(
    /template database "nowhere" does not exist.*database\.template/,
  );
  await asAdmin(`alter role ${role} nocreatedb`);
  await expect(createTaskDatabase(url, taskDatabase('database'))).rejects.toThrow(
    new RegExp(`permission denied.*ALTER ROLE ${role} CREATEDB`),
  );
  await asAdmin(`alter role ${role} createdb`);
});

it.each([
  ['postgres://a:b@h:1/app?sslmode=require', 'postgres://a:b@h:1/app?sslmode=require&options=-csearch_path%3Ds'],
  [
    'postgres://h/app?options=-c%20lock_timeout%3D1',
    'postgres://h/app?options=-c%20lock_timeout%3D1%20-csearch_path%3Ds',
  ],
  ['postgres://h/app', 'postgres://h/app?options=-csearch_path%3Ds'],
])('the address of a schema in %s keeps what else the address says', (from, to) => {
  expect(urlOfTaskDatabase(from, { kind: 'schema', name: 's' })).toBe(to);
});

it('where a database is tells nothing of who may enter', () => {
  expect(placeOf('postgresql://me:secret@db.internal/app?sslmode=require')).toBe('db.internal:5432/app');
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((done) => setImmediate(done));
}

it.each(['database', 'schema'] as const)(
  'a %s of a task is measured, and one that is gone is left out',
  async (kind) => {
    const one = taskDatabase(kind);
    await createTaskDatabase(url, one);
    await query(urlOfTaskDatabase(url, one), 'create table big as select generate_series(1, 20000)');
    const sizes = await measureTaskDatabases(url, kind, [one.name, 'sentra_gone']);
    expect([...sizes.keys()]).toEqual([one.name]);
    expect(sizes.get(one.name)).toBeGreaterThan(500_000);
    await dropTaskDatabase(url, one);
  },
);
