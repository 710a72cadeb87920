import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { agentConfig, git } from '../helpers/repository.ts';
import { startTestSentra, waitForRun, waitForTask } from '../helpers/sentra.ts';
import { beginTask } from '../helpers/survival.ts';

test('where a repository was lost and cloned anew, a retry goes on with what had been pushed', async () => {
  const sentra = await startTestSentra();
  try {
    const config = agentConfig('never-approves', { limits: { reviewRounds: 1 } });
    const { id, repository } = await beginTask(sentra, config, { remote: true });
    const failed = await waitForTask(sentra, id);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'changes_requested' } });
    const pushed = git(repository.remote, 'rev-parse', failed.branchName as string);
    rmSync(repository.path, { recursive: true });
    git('/', 'clone', '-q', repository.remote, repository.path);
    await sentra.client.retryTask({ params: { id }, body: { fromPhase: 'REVIEW' } });
    await waitForRun(sentra, id);
    expect(git(repository.path, 'rev-list', failed.branchName as string)).toContain(pushed);
    const { checks } = await sentra.client.verify();
    expect(checks.flatMap(({ problems }) => problems)).toEqual([]);
  } finally {
    await sentra.stop();
  }
});
