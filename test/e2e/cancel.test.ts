import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, git } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { beginTask, expectWhole, processesOf, waitForEnd, waitForLine } from '../helpers/survival.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const begin = (config: object) => beginTask(sentra, config);

const holding = async (id: string) => (await sentra.client.getTask({ params: { id } })).worktreePath ?? '';

test.each(['shared', 'none'])(
  'cancelling ends the agent in seconds and saves what it did (isolation %s)',
  async (isolation) => {
    const { id, repository } = await begin(agentConfig('holds-CODE', { isolation }));
    await waitForLine(sentra, id, 'holding CODE');
    const worktree = await holding(id);
    const running = processesOf(id);
    expect(running.length).toBeGreaterThan(0);
    const askedAt = performance.now();
    const cancelled = await sentra.client.cancelTask({ params: { id } });
    expect(cancelled.status).toBe('cancelled');
    await waitForEnd(running);
    console.info('cancel to the end of the agent, in milliseconds:', Math.round(performance.now() - askedAt));
    await until(() => !existsSync(worktree), 10_000);
    await waitForLine(sentra, id, 'removed');
    const saved = path.join(sentra.home, 'saved', id);
    const patch = readFileSync(path.join(saved, readdirSync(saved)[0] ?? ''), 'utf8');
    expect(patch).toContain('half of the work');
    expect(patch).toContain(`.sentra/plans/${id}.md`);
    await until(async () => (await sentra.client.getTask({ params: { id } })).worktreePath === null, 10_000);
    expect(await sentra.client.getTask({ params: { id } })).toMatchObject({ status: 'cancelled', ports: {} });
    expect(git(repository.path, 'branch', '--format=%(refname:short)')).toBe('main');
  },
);

test('a task retried the moment it was cancelled starts again from PLAN, in a worktree of its own', async () => {
  const { id, repository } = await begin(agentConfig('holds-CODE'));
  await waitForLine(sentra, id, 'holding CODE');
  await sentra.client.cancelTask({ params: { id } });
  writeFileSync(path.join(repository.path, 'sentra.json'), JSON.stringify(agentConfig('good')));
  await sentra.client.retryTask({ params: { id }, body: {} });
  await expectWhole(sentra, await waitForTask(sentra, id), repository.path);
});

test('a task cancelled just before the server dies stays cancelled, and its worktree goes', async () => {
  const { id } = await begin(agentConfig('holds-CODE'));
  await waitForLine(sentra, id, 'holding CODE');
  const worktree = await holding(id);
  const running = processesOf(id);
  const asked = sentra.client.cancelTask({ params: { id } }).catch(() => undefined);
  await until(async () => (await sentra.client.getTask({ params: { id } })).status === 'cancelled', 10_000);
  await sentra.kill();
  await asked;
  await sentra.restart();
  await waitForEnd(running);
  await until(() => !existsSync(worktree), 20_000);
  expect((await sentra.client.getTask({ params: { id } })).status).toBe('cancelled');
  await until(() => processesOf(id).length === 0, 10_000);
});

test('a task cancelled while it waits in the queue never begins', async () => {
  const { id } = await begin(agentConfig('holds-CODE'));
  await sentra.client.cancelTask({ params: { id } });
  await until(async () => processesOf(id).length === 0, 10_000);
  expect((await sentra.client.getTask({ params: { id } })).status).toBe('cancelled');
});
