/** Main moves by somebody else's hand in the moment between the tests of a merge and the merge. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

test('a main that somebody moved after the tests of a merge is left alone, and the merge is tested again on top of it', async () => {
  const folder = makeFolder('moved');
  const meddle = `git -c user.name=Ada -c user.email=ada@example.test commit-tree main^{tree} -p main -m Meanwhile > ${folder}/theirs && git update-ref refs/heads/main $(cat ${folder}/theirs)`;
  const once = `if test -e ${folder}/armed; then rm ${folder}/armed; ${meddle}; fi`;
  const config = agentConfig('good', { isolation: 'none', test: `git rev-parse HEAD >> ${folder}/tested; ${once}` });
  const repository = makeRepository({ config });
  const { client } = sentra;
  const project = await client.addProject({ body: { path: repository.path } });
  const tasks = ['First', 'Second'].map((title) => ({ key: title, title, autoStart: true }));
  const { items } = await client.createTasks({ body: { projectId: project.id, tasks } });
  for (const { id } of items) await waitForTask(sentra, id, ['in_review']);
  const here = (...args: string[]) => git(repository.path, ...args);
  const [first = '', second = ''] = items.map(({ id }) => id);
  await client.mergeTask({ params: { id: first } });
  writeFileSync(path.join(folder, 'armed'), '');
  expect(await client.mergeTask({ params: { id: second } })).toMatchObject({ status: 'completed' });
  const theirs = readFileSync(path.join(folder, 'theirs'), 'utf8').trim();
  expect(here('rev-parse', 'main^1')).toBe(theirs);
  expect(readFileSync(path.join(folder, 'tested'), 'utf8')).toContain(here('rev-parse', 'main'));
  const evidence = await client.listEvidence({ params: { id: second } });
  const kept = evidence.items.filter(({ kind }) => kind === 'merge');
  expect(kept.map(({ data }) => data.to === here('rev-parse', 'main'))).toEqual([false, true]);
});
