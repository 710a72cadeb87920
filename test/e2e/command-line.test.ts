import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { endTree, run, start } from '#src/process.ts';

const program = path.resolve(import.meta.dirname, '../../src/main.ts');
const PATH = `${path.dirname(process.execPath)}:${process.env.PATH}`;

/** Writes one file in CODE and approves in REVIEW. */
const agent = `
import { writeFileSync } from 'node:fs';
const { PHASE, SENTRA_RESULT } = process.env;
console.log('working on ' + PHASE);
if (PHASE === 'CODE') writeFileSync('feature.txt', 'done\\n');
const answers = { PLAN: { plan: 'Write feature.txt.', writeTests: false }, REVIEW: { verdict: 'approve' } };
writeFileSync(SENTRA_RESULT, JSON.stringify(answers[PHASE] ?? {}));
`;

let home: string;
let repository: string;
let server: ReturnType<typeof start>;

beforeAll(async () => {
  home = await realpath(await mkdtemp(path.join(os.tmpdir(), 'sentra-e2e-')));
  repository = path.join(home, 'shop');
  await makeRepository();
  const env = { PATH, HOME: home, SENTRA_HOME: path.join(home, 'sentra'), SENTRA_PORT: '0' };
  server = start({ command: process.execPath, args: [program, 'up'], cwd: home, env });
  server.stdout?.resume();
  server.stderr?.resume();
  await vi.waitFor(() => readFile(path.join(home, 'sentra/server.json')), { timeout: 50_000, interval: 100 });
});
afterAll(async () => {
  if (server) await endTree(server);
  await rm(home, { recursive: true, force: true });
});

async function makeRepository(): Promise<void> {
  await mkdir(repository);
  const settings = {
    test: 'node --version',
    agents: { default: 'mine', mine: { kind: 'command', command: ['node', 'agent.mjs'] } },
  };
  await writeFile(path.join(repository, 'sentra.json'), JSON.stringify(settings));
  await writeFile(path.join(repository, 'agent.mjs'), agent);
  await git('init', '--quiet', '-b', 'main');
  await git('add', '.');
  await git('-c', 'user.name=T', '-c', 'user.email=t@localhost', 'commit', '--quiet', '-m', 'first');
}

const git = async (...args: string[]) =>
  (await run({ command: 'git', args, cwd: repository, env: { PATH, HOME: home } })).stdout.toString();

async function sentra(args: readonly string[], extra: Record<string, string> = {}) {
  const env = { PATH, HOME: home, SENTRA_HOME: path.join(home, 'sentra'), ...extra };
  const outcome = await run({ command: process.execPath, args: [program, ...args], cwd: repository, env });
  const out = outcome.stdout.toString();
  return { code: outcome.exitCode, out, err: outcome.stderr.toString(), json: () => JSON.parse(out) };
}

test('a task goes from its title to the base branch by the command line alone', async () => {
  expect((await sentra(['project', 'add', '.', '--json'])).json()).toMatchObject({ baseBranch: 'main' });
  const { id } = (await sentra(['task', 'add', 'Write the feature', '--start', '--json'])).json();
  const waited = await sentra(['task', 'wait', id, '--timeout', '50', '--json']);
  expect(waited.json()).toMatchObject({ status: 'in_review', error: null });
  expect(waited.code).toBe(0);
  expect((await sentra(['task', 'logs', id, '--phase', 'code'])).out).toContain('working on CODE');
  expect((await sentra(['task', 'logs', id, '--follow', '--json'])).out).toContain('working on REVIEW');
  expect((await sentra(['task', 'diff', id])).out).toContain('feature.txt (added, +1 -0)');
  expect((await sentra(['task', 'merge', id.slice(5, 13), '--json'])).json()).toMatchObject({ status: 'completed' });
  expect(await git('show', 'main:feature.txt')).toBe('done\n');
});

test('a task that nobody started is still pending when the time is up', async () => {
  const { id } = (await sentra(['task', 'add', 'Wait for me', '--json'])).json();
  expect((await sentra(['task', 'wait', id, '--timeout', '1'])).code).toBe(8);
  expect((await sentra(['task', 'why', id])).out).toContain('not started');
});

test('a wrong token answers 4, and no server 1 with the way out', async () => {
  const stranger = await sentra(['status', '--json'], { SENTRA_TOKEN: 'wrong' });
  expect(stranger.code).toBe(4);
  expect(stranger.json()).toMatchObject({ error: { code: 'unauthorized' } });
  const lost = await sentra(['status', '--json'], { SENTRA_URL: 'http://127.0.0.1:9', SENTRA_TOKEN: 'any' });
  expect(lost.code).toBe(1);
  expect(lost.json()).toMatchObject({ error: { code: 'server_unavailable' } });
});

test('an agent with the token uses the tools at /mcp, and one without is turned away', async () => {
  const { url } = JSON.parse(await readFile(path.join(home, 'sentra/server.json'), 'utf8'));
  const token = (await readFile(path.join(home, 'sentra/token'), 'utf8')).trim();
  const connect = async (bearer: string) => {
    const client = new McpClient({ name: 'test', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${bearer}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
    return client;
  };
  const client = await connect(token);
  const result = await client.callTool({ name: 'list_tasks', arguments: {} });
  expect(result.isError).toBeFalsy();
  await client.close();
  await expect(connect('wrong')).rejects.toThrow();
});

test('a command whose reader goes first ends quietly', async () => {
  const { id } = (await sentra(['task', 'add', 'Read one line of me', '--start', '--json'])).json();
  const env = { PATH, HOME: home, SENTRA_HOME: path.join(home, 'sentra') };
  const pipe = async (line: string) => {
    const args = ['-c', `set -o pipefail; "$0" "$1" task logs "$2" ${line}`, process.execPath, program, id];
    const ended = await run({ command: 'bash', args, cwd: home, env });
    expect({ code: ended.exitCode, err: ended.stderr.toString() }).toEqual({ code: 0, err: '' });
  };
  await pipe('--follow | head -n 1 > /dev/null');
  await sentra(['task', 'wait', id]);
  await pipe('| true'); // which is gone before all those lines come
});

test('a template fills in what a new task leaves out, and what the task says stands', async () => {
  expect((await sentra(['template', 'list'])).out).toContain('There are no templates');
  const kept = ['template', 'add', 'upgrade', '--title', 'Upgrade the parts', '--type', 'chore', '--priority', 'low'];
  expect((await sentra(kept)).code).toBe(0);
  expect((await sentra([...kept, '--json'])).json()).toMatchObject({ error: { code: 'conflict' } });
  const filled = (await sentra(['task', 'add', '--template', 'upgrade', '--json'])).json();
  expect(filled).toMatchObject({
    title: 'Upgrade the parts',
    type: 'chore',
    priority: 'low',
    workflowType: 'full_sdlc',
  });
  const own = (await sentra(['task', 'add', 'Mine', '--template', 'upgrade', '--type', 'bug', '--json'])).json();
  expect(own).toMatchObject({ title: 'Mine', type: 'bug', priority: 'low' });
  expect((await sentra(['task', 'add', '--template', 'upgrad', '--json'])).json()).toMatchObject({
    error: { code: 'not_found', message: expect.stringContaining('template list') },
  });
  expect((await sentra(['task', 'add', '--json'])).json()).toMatchObject({ error: { code: 'invalid' } });
  expect((await sentra(['template', 'remove', 'upgrade'])).code).toBe(0);
  expect((await sentra(['template', 'list', '--json'])).json()).toEqual({ items: [] });
});
