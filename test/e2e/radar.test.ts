/** The conflict radar as a person sees it: on the task, in its diff, and in what the agents concerned are told. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../helpers/browser.ts';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra({ env: { SENTRA_SLOTS: '3' } });
});
afterAll(() => sentra?.stop());

const show = (id: string) => sentra.client.getTask({ params: { id } });
const collides = async (id: string) => (await show(id)).conflictsWith;

test('branches that change the same lines are told of each other until one is out of the way', async () => {
  const config = agentConfig('shares');
  const agents = {
    ...config.agents,
    echo: { kind: 'command', command: ['sh', '-c', 'cat; echo "{}" > "$SENTRA_RESULT"'] },
  };
  const repository = makeRepository({ config: { ...config, agents } });
  const { id: projectId } = await sentra.client.addProject({ body: { path: repository.path } });
  const tasks = ['One', 'Two'].map((title) => ({ key: title, title, autoStart: true }));
  const { items } = await sentra.client.createTasks({ body: { projectId, tasks } });
  const [one, two] = await Promise.all(items.map(({ id }) => waitForTask(sentra, id, ['in_review'])));
  if (!one || !two) throw new Error('two were made');
  await until(
    async () => (await collides(one.id)).includes(two.id),
    30_000,
    () => 'the radar sees nothing',
  );
  expect(await collides(two.id)).toEqual([one.id]);
  const browser = await openBrowser();
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto((await sentra.client.createLoginLink()).url);
  await page.getByText('Conflicts with').first().waitFor();
  await page.goto(`${sentra.url}/graph?task=${one.id}`);
  await page.getByRole('complementary', { name: 'About the graph' }).getByRole('link', { name: 'Two' }).waitFor();
  await page.locator('path[data-tone="conflict"]').waitFor({ state: 'attached' });
  await browser.close();
  const { conflicts } = await sentra.client.getDiff({ params: { id: one.id } });
  expect(conflicts).toEqual([{ taskId: two.id, paths: ['shared.txt'] }]);

  await sentra.client.patchTask({ params: { id: two.id }, body: { agent: 'echo' } });
  await sentra.client.retryTask({ params: { id: two.id }, body: { fromPhase: 'REVIEW' } });
  await waitForTask(sentra, two.id, ['failed']); // it echoes, and approves nothing
  const { items: lines } = await sentra.client.listLogs({ params: { taskId: two.id }, query: { q: 'shared.txt' } });
  expect(lines.map(({ message }) => message)).toContain('- One: shared.txt');

  await sentra.client.mergeTask({ params: { id: one.id } });
  await until(
    async () => (await collides(two.id)).length === 0,
    30_000,
    () => 'a merged branch still collides',
  );
});
