/** The wall through the whole program: what people are told of it, that nobody takes it away, and that nothing outlives the server. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { findAlive } from '../sandbox/room.ts';

const agents = 15;
/** Words in the command lines of what an agent starts: its own, and those of tools that mean to stay. */
const word = `600.${randomInt(1e9, 9e9)}`;
const tools = [`setsid sleep ${word}1 &`, `( ( sleep ${word}2 & ) & )`, `nohup sleep ${word}3 >/dev/null 2>&1 &`];
const deaf = `( trap '' TERM HUP INT; setsid sleep ${word}4 & )`;
const each = tools.length + 2;

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra({ env: { SENTRA_ALLOW_UNCONFINED: '', SENTRA_SLOTS: String(agents) } });
});
afterAll(() => sentra?.stop());

/** A task whose agent is this shell script, once it has failed. */
async function failWith(script: string, config: Record<string, unknown> = {}) {
  const { client } = sentra;
  const definitions = { default: 'scripted', scripted: { kind: 'command', command: ['/bin/sh', 'agent.sh'] } };
  const limits = { agentAttempts: 1, ...(config.limits ?? {}) };
  const files = { 'agent.sh': script };
  const repository = makeRepository({ config: { ...config, agents: definitions, limits }, files });
  const project = await client.addProject({ body: { path: repository.path } });
  const { id } = await client.createTask({ body: { projectId: project.id, title: 'Try', autoStart: true } });
  const task = await waitForTask(sentra, id, ['failed']);
  const { items: warnings } = await client.listLogs({ params: { taskId: id }, query: { level: 'warn' } });
  return { task, warnings: warnings.map(({ message }) => message) };
}

const ask = (url: string) =>
  `node -e "require('http').get({ port: 3128, path: '${url}' }, (r) => r.pipe(process.stdout))"`;

test('a host that nobody named is refused with the key of sentra.json, in the program and once in the log', async () => {
  const script = [ask('http://unlisted.example/'), ask('http://unlisted.example/again'), 'exit 1'].join('\n');
  const { task, warnings } = await failWith(script);
  const words =
    'unlisted.example:80 is not among the hosts that this task may reach. If the project needs it, add "unlisted.example" to network.allow in sentra.json.';
  expect(warnings.filter((line) => line === words)).toHaveLength(1);
  expect(task.isolation).toBe('shared');
});

test('an agent that takes more than its room may is ended, and the task says what to raise', async () => {
  const script = 'for i in $(seq 60); do sleep 600 & done; wait';
  const { task } = await failWith(script, { limits: { processes: 20 } });
  expect(task.error?.message).toMatch(/It was ended: it had \d+ processes, and 20 are allowed.*limits\.processes/);
});

test('a repository does not take its own wall away', async () => {
  const { task } = await failWith('exit 0', { isolation: 'none' });
  expect(task.error).toMatchObject({
    code: 'isolation_unavailable',
    message: expect.stringContaining('SENTRA_ALLOW_UNCONFINED=project'),
  });
  expect(task.worktreePath).toBeNull();
});

test('a server that is killed with fifteen agents at work leaves no process of theirs', async () => {
  const { client } = sentra;
  const config = { agents: { default: 'stayer', stayer: { kind: 'command', command: ['/bin/sh', 'agent.sh'] } } };
  const files = { 'agent.sh': [...tools, deaf, `sleep ${word}5`].join('\n') };
  const project = await client.addProject({ body: { path: makeRepository({ config, files }).path } });
  const tasks = Array.from({ length: agents }, (_, at) => ({ key: `t${at}`, title: `Stay ${at}`, autoStart: true }));
  await client.createTasks({ body: { projectId: project.id, tasks } });
  await until(
    async () => (await findAlive(word)).length >= agents * each,
    60_000,
    () => sentra.output(),
  );
  const before = (await findAlive(word)).length;
  const killedAt = performance.now();
  await sentra.kill();
  await until(async () => (await findAlive(word)).length === 0, 15_000);
  console.info(
    `${before} processes of ${agents} agents were gone ${Math.round(performance.now() - killedAt)} ms after the kill`,
  );
  expect(before).toBeGreaterThanOrEqual(agents * each);
});
