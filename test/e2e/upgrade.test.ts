import pg from 'pg';
import { expect, test } from 'vitest';
import { startEmbedded } from '#src/store/postgres.ts';
import { agentConfig } from '../helpers/repository.ts';
import { startTestSentra, waitForTask } from '../helpers/sentra.ts';
import { beginTask, waitForLine } from '../helpers/survival.ts';

test('a run that an earlier version had begun with other steps ends with what to do, and a retry goes on', async () => {
  const sentra = await startTestSentra();
  try {
    const { id } = await beginTask(sentra, agentConfig('holds-CODE'));
    await waitForLine(sentra, id, 'holding CODE');
    await sentra.kill();
    const database = new pg.Client({ connectionString: (await startEmbedded({ home: sentra.home })).url });
    await database.connect();
    await database.query("update dbos.workflow_status set application_version = '1' where status = 'PENDING'");
    await database.end();
    await sentra.restart();
    const ended = await waitForTask(sentra, id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'lost' } });
    expect(ended.error?.message).toContain('Retry the task');
    expect((await sentra.client.verify()).checks.flatMap(({ problems }) => problems)).toEqual([]);
    await sentra.client.retryTask({ params: { id }, body: {} });
    expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', error: null });
  } finally {
    await sentra.stop();
  }
});
