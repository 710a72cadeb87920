/** What the next round gets of a check that failed, whoever runs it. */
import { expect, test } from 'vitest';
import { prepareLanding, wanted } from './forge-contract.ts';
import { makeGitHub } from './github-case.ts';

async function makePull() {
  const { server, forge, ...one } = await makeGitHub();
  const head = prepareLanding({ forge, ...one }).pulls[0]?.headCommit ?? '';
  const number = (await forge.open(wanted()))?.number ?? 0;
  const readCheck = async (name: string) => {
    const check = (await forge.read(number, 'main'))?.checks.find((one) => one.name === name);
    if (!check) throw new Error(`there is no check ${name}`);
    return { ...check, log: await forge.readLog(check) };
  };
  return { repository: server.repository, head, readCheck };
}

const scan = {
  slug: 'scanner',
  detailsUrl: 'https://scan.example.test/runs/7',
  title: '1 problem',
  summary: 'A password is in the code.',
  text: 'Rotate it.',
  annotations: [{ path: 'src/a.ts', start_line: 3, annotation_level: 'failure', title: 'Secret', message: 'AWS key' }],
};

test('the check of another app says its title, summary, text and annotations, and where its page is', async () => {
  const { repository, head, readCheck } = await makePull();
  repository.check(head, 'scan', 'failure', '', scan);
  const { state, url, log } = await readCheck('scan');
  expect({ state, url }).toEqual({ state: 'failed', url: scan.detailsUrl });
  expect(log.split('\n\n')).toEqual([scan.title, scan.summary, scan.text, 'src/a.ts:3: failure: Secret: AWS key']);
});

test('a commit status says its sentence, and the newest of a name counts', async () => {
  const { repository, head, readCheck } = await makePull();
  const target_url = 'https://ci.example.test/42';
  const status = { sha: head, context: 'ci/other', target_url };
  repository.statuses.push({ ...status, state: 'success', description: 'All is well' });
  repository.statuses.push({ ...status, state: 'failure', description: '3 of 40 tests fail' });
  expect(await readCheck('ci/other')).toMatchObject({ state: 'failed', url: target_url, log: '3 of 40 tests fail' });
});

test('a job whose log is gone says what is left of it, and a page that a browser would run is none', async () => {
  const { repository, head, readCheck } = await makePull();
  repository.check(head, 'build', 'failure', '', { slug: 'github-actions', title: 'Type error' });
  expect((await readCheck('build')).log).toBe('Type error');
  repository.check(head, 'trick', 'failure', '', { slug: 'other', detailsUrl: 'javascript:alert(1)' });
  expect(await readCheck('trick')).toMatchObject({ url: null, log: '' });
});
