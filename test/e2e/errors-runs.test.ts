/** What goes wrong inside a run: set-up, agents, tests, review. Each is told plainly, with a way out, and the way out works. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startScriptedModel } from '#src/agents/scripted-model.ts';
import type { Task } from '#src/domain/task.ts';
import { addRepository, expectTold, retry, runIn } from '../helpers/failing.ts';
import { agentConfig, git } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const commit = (repository: { path: string }, files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(repository.path, name), text);
  git(repository.path, 'add', '-A');
  git(repository.path, 'commit', '-q', '-m', 'Mend');
};

/** `PLAN 1 failed`, … of the newest run. */
async function attemptsOf(task: Task): Promise<string[]> {
  const { items } = await sentra.client.listRuns({ params: { id: task.id } });
  return (items[0]?.phases ?? []).map((p) => `${p.phase} ${p.attempt} ${p.state}`);
}

describe('set-up', () => {
  const manifest = (dependencies: object) => JSON.stringify({ name: 'project', version: '1.0.0', dependencies });
  const lock = (packages: object) =>
    JSON.stringify({ name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true, packages });

  test('an install that fails shows its last lines, and a retry takes what was mended on the base branch', async () => {
    const missing = { gone: 'file:gone.tgz' };
    const { task, repository } = await runIn(sentra, {
      config: agentConfig(),
      files: {
        'package.json': manifest(missing),
        'package-lock.json': lock({
          '': { name: 'project', version: '1.0.0', dependencies: missing },
          'node_modules/gone': { version: '1.0.0', resolved: 'file:gone.tgz' },
        }),
      },
    });
    await expectTold(sentra, task, 'install_failed', 'npm ci', 'gone.tgz', 'setup.install', 'then retry');
    expect(existsSync(task.worktreePath ?? '')).toBe(true);
    commit(repository, {
      'package.json': manifest({}),
      'package-lock.json': lock({ '': { name: 'project', version: '1.0.0' } }),
    });
    expect(await retry(sentra, task.id)).toMatchObject({ status: 'in_review', error: null });
  });

  test('a set-up script that fails shows its last lines, and a retry takes the one that was mended', async () => {
    const config = agentConfig('good', { setup: { script: 'prepare.sh' } });
    const { task, repository } = await runIn(sentra, {
      config,
      files: { 'prepare.sh': 'echo half > half.txt; echo "no database here" >&2; exit 3\n' },
    });
    await expectTold(sentra, task, 'setup_failed', '"script"', 'prepare.sh', 'exited with 3', 'no database here');
    commit(repository, { 'prepare.sh': 'echo ready\n' });
    expect(await retry(sentra, task.id)).toMatchObject({ status: 'in_review', error: null });
  });

  test('a set-up script that is not there is told by its name', async () => {
    const { task } = await runIn(sentra, { config: agentConfig('good', { setup: { script: 'absent.sh' } }) });
    await expectTold(sentra, task, 'setup_failed', 'absent.sh', 'Commit it, or correct setup.script');
  });

  test('a sentra.json that went wrong after registration is told on the project and on the task', async () => {
    const { path: at, projectId } = await addRepository(sentra, { config: agentConfig() });
    writeFileSync(path.join(at, 'sentra.json'), '{ "tset": "true" }');
    const { id } = await sentra.client.createTask({ body: { projectId, title: 'Wrong' } });
    const { problem } = await sentra.client.getProject({ params: { id: projectId } });
    expect(problem).toContain('tset: unknown key, did you mean "test"?');
    const why = await sentra.client.getWhy({ params: { id } });
    expect(why.reasons).toContainEqual({ code: 'project_problem', message: problem });
  });
});

describe('agents', () => {
  test('one that nobody defined is told with the nearest name', async () => {
    const { task } = await runIn(sentra, { config: agentConfig() }, { agent: 'testr' });
    await expectTold(sentra, task, 'agent_not_found', '"testr"', 'Did you mean "tester"?');
  });

  test('one whose program is not installed is told by the name of the program, once', async () => {
    const config = agentConfig('good', {
      agents: { default: 'mine', mine: { kind: 'command', command: ['no-such-cli'] } },
    });
    const { task } = await runIn(sentra, { config });
    await expectTold(sentra, task, 'agent_not_found', '"no-such-cli"', 'Install it, or correct');
    expect(await attemptsOf(task)).toEqual(['PLAN 1 failed']);
  });

  test('one that exits with 1 is tried three times, then its last words are told', async () => {
    const { task } = await runIn(sentra, { config: agentConfig('exit1') });
    await expectTold(sentra, task, 'agent_failed', 'exited with code 1', 'I give up.', 'After 3 attempts: ');
    expect(await attemptsOf(task)).toEqual(['PLAN 1 failed', 'PLAN 2 failed', 'PLAN 3 failed']);
  });

  test('one that crashes at once each time is tried as often as one that fails, and one that is killed each time is not tried for ever', async () => {
    const [crashed, killed] = await Promise.all([
      runIn(sentra, { config: agentConfig('crashes') }),
      runIn(sentra, { config: agentConfig('killed') }),
    ]);
    await expectTold(sentra, crashed.task, 'agent_failed', 'exited with code 134', 'After 3 attempts: ');
    expect(await attemptsOf(crashed.task)).toEqual(['PLAN 1 failed', 'PLAN 2 failed', 'PLAN 3 failed']);
    await expectTold(sentra, killed.task, 'lost', 'killed from outside', 'After 5 attempts: ');
    expect(await attemptsOf(killed.task)).toHaveLength(5);
  });

  test('one that prints nothing has no plan, and that is said', async () => {
    const { task } = await runIn(sentra, { config: agentConfig('silent') });
    await expectTold(sentra, task, 'agent_failed', 'ended without a plan', 'Look at the log of PLAN');
  });

  test('one that hangs is stopped when it has said nothing for too long', async () => {
    const limits = { idleTimeoutMinutes: 0.02, agentAttempts: 1 };
    const { task } = await runIn(sentra, { config: agentConfig('hang', { limits }) });
    await expectTold(sentra, task, 'agent_idle', 'idleTimeoutMinutes');
  });

  test('one that does not end is stopped at the limit of a phase', async () => {
    const limits = { phaseTimeoutMinutes: 0.02, agentAttempts: 1 };
    const { task } = await runIn(sentra, { config: agentConfig('slow', { limits, setup: { install: false } }) });
    await expectTold(sentra, task, 'agent_timeout', 'phaseTimeoutMinutes');
  });

  test('one that changes nothing is tried twice, then the task says so', async () => {
    const { task } = await runIn(sentra, { config: agentConfig('no-change') });
    await expectTold(sentra, task, 'no_changes', 'changed nothing', 'expects no changes', 'After 2 attempts: ');
    expect(await attemptsOf(task)).toEqual(['PLAN 1 passed', 'CODE 1 failed', 'CODE 2 failed']);
  });

  test('one that changes nothing completes a task that expects no changes', async () => {
    const { task } = await runIn(sentra, { config: agentConfig('no-change') }, { noChangesExpected: true });
    expect(task).toMatchObject({ status: 'completed', error: null, pullRequest: null });
  });

  test('Claude without a credential is told which variable to set', async () => {
    const { task } = await runIn(sentra, { config: { test: 'true' } }, { agent: 'claude' });
    await expectTold(sentra, task, 'agent_auth', 'ANTHROPIC_API_KEY', 'restart');
    expect(await attemptsOf(task)).toEqual(['PLAN 1 failed']);
  });

  test('Claude with a wrong key gives up at once and says that the key was refused', async () => {
    const refuse = { always: true, error: { status: 401, times: 1000, message: 'invalid x-api-key' } };
    const model = await startScriptedModel({ script: { turns: [], default: refuse } });
    const other = await startTestSentra({ env: { ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: 'wrong' } });
    try {
      const { task } = await runIn(other, { config: { test: 'true' } }, { agent: 'claude' });
      await expectTold(other, task, 'agent_auth', /credential|key/i);
      expect(model.requests().map((request) => request.apiKey)).toEqual(['wrong']);
    } finally {
      await other.stop();
      await model.close();
    }
  });
});

describe('tests and review', () => {
  test('tests that never pass end the task after three attempts; its worktree is kept and a retry goes on', async () => {
    const { task } = await runIn(sentra, { config: agentConfig('never-green') });
    await expectTold(sentra, task, 'tests_failing', 'The tests fail', 'exited with 1', 'After 3 attempts: ');
    expect((await attemptsOf(task)).filter((a) => a.startsWith('TEST'))).toEqual([
      'TEST 1 failed',
      'TEST 2 failed',
      'TEST 3 failed',
    ]);
    expect(readFileSync(path.join(task.worktreePath ?? '', 'state.txt'), 'utf8')).toBe('broken 3\n');
    const why = await sentra.client.getWhy({ params: { id: task.id } });
    expect(why.reasons.at(0)?.message).toContain(`The worktree is kept at ${task.worktreePath}`);
    const again = await sentra.client.retryTask({ params: { id: task.id }, body: {} });
    expect(again).toMatchObject({ error: null, worktreePath: task.worktreePath, branchName: task.branchName });
  });

  test('tests that do not end are stopped and told as such', async () => {
    const config = agentConfig('good', {
      test: 'echo waiting; sleep 600',
      limits: { phaseTimeoutMinutes: 0.05, codeTestAttempts: 1 },
    });
    const { task } = await runIn(sentra, { config });
    await expectTold(sentra, task, 'tests_timeout', 'did not end', 'sleep 600');
  });

  test('a review that never approves ends the task with what it asked for', async () => {
    const { task } = await runIn(sentra, { config: agentConfig('never-approves', { limits: { reviewRounds: 2 } }) });
    await expectTold(sentra, task, 'changes_requested', 'after 2 rounds', 'Not yet.');
    expect(existsSync(task.worktreePath ?? '')).toBe(true);
    expect((await attemptsOf(task)).filter((a) => a.startsWith('REVIEW'))).toEqual([
      'REVIEW 1 passed',
      'REVIEW 2 passed',
    ]);
  });
});
