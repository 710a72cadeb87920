import { expect, test } from 'vitest';
import { TestEvidence } from '#src/domain/test-evidence.ts';
import { agentConfig, git } from '../helpers/repository.ts';
import { startTestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { beginTask, holdsOnce, listAttempts, listLines } from '../helpers/survival.ts';

test('a Sentra that is killed while the tests of the base run goes on with the files of the task', {
  timeout: 300_000,
}, async () => {
  const sentra = await startTestSentra();
  try {
    const command = `if test -e state.txt; then grep -q green state.txt; else ${holdsOnce('base')}; fi`;
    const { id, repository } = await beginTask(sentra, agentConfig('fails-first', { test: command }));
    const isHeld = async () => (await listLines(sentra, id)).includes('holding base'); // other lines quote the command
    await until(isHeld, 120_000);
    await sentra.kill();
    await sentra.restart();
    const task = await waitForTask(sentra, id, undefined, 180_000);
    expect(task).toMatchObject({ status: 'in_review', error: null });
    expect(await listAttempts(sentra, id)).toEqual([
      'PLAN 1 passed',
      'CODE 1 passed',
      'TEST 1 failed',
      'CODE 2 passed',
      'TEST 2 passed',
      'REVIEW 1 passed',
    ]);
    const { items } = await sentra.client.listEvidence({ params: { id } });
    const [first] = items.filter((item) => item.kind === 'tests');
    expect(TestEvidence.parse(first?.data).base).toMatchObject({ exitCode: 0 });
    const files = git(repository.path, 'diff', '--name-only', `main...${task.branchName}`).split('\n');
    expect(files).toEqual([`.sentra/plans/${id}.md`, 'state.txt', `${id}.txt`]);
  } finally {
    await sentra.stop();
  }
});
