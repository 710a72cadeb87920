import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { followLogs } from '#src/client/stream.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

const leak = path.resolve(import.meta.dirname, '../fixtures/leak.mjs');
const canaries = Array.from({ length: 20 }, (_, at) => `canary-${at}/of+nobody=${((at + 3) ** 11).toString(36)}`);
/** What would still give each of them away, in each of its encodings. */
const traces = canaries.flatMap((secret) => {
  const bytes = Buffer.from(secret);
  return [
    secret.slice(-14),
    encodeURIComponent(secret).slice(-14),
    bytes.toString('hex').slice(-20),
    ...[0, 1, 2].map((pad) =>
      Buffer.concat([Buffer.alloc(pad), bytes])
        .toString('base64')
        .slice(8, 28),
    ),
  ];
});
const found = (text: string) => traces.filter((trace) => text.includes(trace));

let sentra: TestSentra;
let repository: ReturnType<typeof makeRepository>;
let taskId: string;
let heard = '';
beforeAll(async () => {
  const env = Object.fromEntries(canaries.map((secret, at) => [`SERVICE_${at}_TOKEN`, secret]).slice(0, 10));
  sentra = await startTestSentra({ env: { ...env, SENTRA_LOG_LEVEL: 'debug' } });
  const command = ['node', leak];
  repository = makeRepository({
    remote: true,
    config: { test: 'node leak.mjs', agents: { default: 'leaky', leaky: { kind: 'command', command } } },
    files: { 'leak.mjs': readFileSync(leak, 'utf8'), '.gitignore': '.env\n' },
  });
  const lines = canaries.slice(10).map((secret, at) => `SERVICE_${at + 10}_SECRET=${secret}`);
  const known = Object.entries(env).map(([name, secret]) => `${name}=${secret}`);
  writeFileSync(path.join(repository.path, '.env'), [...known, ...lines, ''].join('\n'));
  const project = await sentra.client.addProject({ body: { path: repository.path } });
  ({ id: taskId } = await sentra.client.createTask({ body: { projectId: project.id, title: 'Keep quiet' } }));
  const listening = new AbortController();
  const following = followLogs(
    sentra,
    { taskId, filter: {} },
    (line) => {
      heard += `${JSON.stringify(line)}\n`;
    },
    listening.signal,
  );
  await sentra.client.executeTask({ params: { taskId }, body: { workflowType: 'full_sdlc' } });
  const task = await waitForTask(sentra, taskId, undefined, 200_000);
  expect(task.error).toBeNull();
  expect(task.status).toBe('in_review');
  listening.abort();
  await following.catch(() => {});
}, 240_000);
afterAll(() => sentra?.stop());

test('no secret is in any table, and none in the raw transcripts', async () => {
  const raw = await new Response((await sentra.client.downloadRaw({ params: { taskId }, query: {} })).body).text();
  expect(raw.match(/marker /g)?.length).toBeGreaterThan(1_000);
  expect(raw).toContain('[redacted]');
  expect(found(raw)).toEqual([]);
  const client = new pg.Client({ connectionString: (await startEmbedded({ home: sentra.home })).url });
  await client.connect();
  const tables = await client.query(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('sentra', 'dbos')`,
  );
  let looked = '';
  for (const { name } of tables.rows) {
    const { rows } = await client.query(`select row_to_json(t)::text as row from ${name} t`);
    const text = rows.map(({ row }) => row).join('\n');
    expect({ name, found: found(text) }).toEqual({ name, found: [] });
    looked += text;
  }
  await client.end();
  expect(looked).toContain('It says [redacted]');
});

/** The database is at work and removes files of its own. */
function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw e;
  }
}

test("no secret is in a file of Sentra, but in the agent's own home", () => {
  const files = readdirSync(sentra.home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !path.join(entry.parentPath, entry.name).includes('/homes/'))
    .map((entry) => path.join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    const bytes = readIfThere(file);
    expect({ file, found: canaries.filter((secret) => bytes.includes(secret.slice(-14))) }).toEqual({
      file,
      found: [],
    });
  }
});

test('no secret went over the socket, into the console, a commit or the pull request', async () => {
  expect(heard).toContain('marker [redacted]');
  expect(found(heard)).toEqual([]);
  expect(sentra.output()).toContain('marker [redacted]');
  expect(found(sentra.output())).toEqual([]);
  const pull = JSON.stringify(await sentra.client.getPullRequest({ params: { id: taskId } }));
  expect(pull).toContain('[redacted]');
  expect(found(pull)).toEqual([]);
  const pushed = git(repository.remote, 'log', '-p', '--all');
  expect(pushed).toContain('[redacted]');
  expect(found(pushed)).toEqual([]);
});
