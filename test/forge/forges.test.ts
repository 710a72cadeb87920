/** The contract of forges, and what only GitHub can do to it: faults, limits, rules. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { createLocalForge } from '#src/forge/local.ts';
import { type GitHubServer, githubToken } from '../fixtures/github-server.ts';
import { refusal } from '../helpers/failing.ts';
import { git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { type ForgeCase, prepareLanding, testForge, wanted } from './forge-contract.ts';
import { makeGitHub, tokens } from './github-case.ts';

async function makeLocal(): Promise<ForgeCase> {
  const { path: folder, remote } = makeRepository({ remote: true });
  return {
    forge: createLocalForge({ path: folder, gitDir: path.join(folder, '.git'), remote: 'origin' }),
    path: folder,
    remote,
  };
}

testForge('local', makeLocal);
testForge('github', makeGitHub);

const posts = ({ requests }: GitHubServer) =>
  requests.filter((line) => line.startsWith('POST /repos/octo/shop/pulls '));

test('a 502 after the pull request was made, or no answer at all, leads to no second one', async () => {
  const { server, forge, ...one } = await makeGitHub();
  prepareLanding({ forge, ...one });
  server.fail({ match: /^POST .*\/pulls$/, status: 502, after: true });
  const opened = await forge.open(wanted());
  expect(server.repository.pulls.map(({ number }) => number)).toEqual([opened?.number]);
  expect(posts(server)).toHaveLength(1);
});

test('a secondary limit stops every request until it is over', async () => {
  const { server, forge, ...one } = await makeGitHub();
  prepareLanding({ forge, ...one });
  const { number = 0 } = (await forge.open(wanted())) ?? {};
  server.fail({
    match: /^PATCH/,
    status: 403,
    headers: { 'retry-after': '60' },
    message: 'You have exceeded a secondary rate limit',
  });
  const { code, message } = await refusal(forge.update(number, wanted()));
  expect(code).toBe('forge_limited');
  const asked = server.requests.length;
  expect((await refusal(forge.read(number, 'main'))).message).toBe(message);
  expect(server.requests).toHaveLength(asked);
});

test.each([
  ['429', { status: 429 }, 'forge_limited'],
  [
    'the hourly limit',
    { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4102444800' } },
    'forge_limited',
  ],
  ['500', { status: 500 }, 'forge_unavailable'],
  ['403', { status: 403, message: 'Resource not accessible by personal access token' }, 'forge_refused'],
])('%s is told as what it is', async (_, fault, code) => {
  const { server, forge, ...one } = await makeGitHub();
  prepareLanding({ forge, ...one });
  server.fail({ match: /^GET/, ...fault });
  expect((await refusal(forge.open(wanted()))).code).toBe(code);
});

test('a wrong token and a server that is away are told with the way out', async () => {
  const wrong = await makeGitHub({ find: async () => 'ghp_wrong' });
  expect(await refusal(wrong.forge.open(wanted()))).toMatchObject({
    code: 'forge_auth',
    message: expect.stringContaining('GITHUB_TOKEN'),
  });
  const away = await makeGitHub();
  away.server.setDown(true);
  expect((await refusal(away.forge.open(wanted()))).code).toBe('forge_unavailable');
});

test('what did not change is asked for with its ETag, and read from before', async () => {
  const { server, forge, ...one } = await makeGitHub();
  prepareLanding({ forge, ...one });
  const { number = 0 } = (await forge.open(wanted())) ?? {};
  const first = await forge.read(number, 'main');
  const asked = server.requests.length;
  expect(await forge.read(number, 'main')).toEqual(first);
  const again = server.requests.slice(asked);
  expect(again.length).toBeGreaterThan(3);
  expect(again.filter((line) => !line.endsWith(' 304'))).toEqual([]);
  server.repository.review(number, { state: 'APPROVED', body: 'Good.' });
  expect((await forge.read(number, 'main'))?.reviews).toMatchObject([
    { verdict: 'approved', trusted: true, body: 'Good.' },
  ]);
});

test('labels are put on, reviewers and teams are asked, and one whom GitHub does not know holds nothing up and is told', async () => {
  const reviewers = ['nobody', 'ada', 'octo/keepers'];
  const { server, forge, ...one } = await makeGitHub(tokens, { labels: ['sentra'], reviewers });
  prepareLanding({ forge, ...one });
  const opened = await forge.open(wanted());
  expect(server.repository.pulls[0]).toMatchObject({ labels: ['sentra'], reviewers: ['ada', 'octo/keepers'] });
  expect(opened?.refused).toEqual([
    expect.stringMatching(/the reviewer nobody of forge in sentra\.json: .*collaborators/),
  ]);
});

test('a guarded base is merged by GitHub itself, with the commit that was tested, and never by a push', async () => {
  const { server, forge, ...one } = await makeGitHub();
  const landing = prepareLanding({ forge, ...one });
  server.repository.required = ['build'];
  const opened = await forge.open(wanted());
  const pulls = landing.pulls.map((pull) => ({ ...pull, number: opened?.number ?? null }));
  expect(await forge.mergesAlone('main')).toBe(true);
  expect(await forge.land({ ...landing, pulls })).toMatchObject({
    outcome: 'waits',
    failure: { message: expect.stringContaining('build') },
  });
  expect(server.repository.git.head('main')).toBe(landing.from);
  server.repository.check(landing.pulls[0]?.headCommit ?? '', 'build', 'success');
  server.fail({ match: /^PUT .*\/merge$/, status: 502, after: true });
  const landed = await forge.land({ ...landing, pulls });
  expect(landed).toMatchObject({ outcome: 'landed', commit: server.repository.git.head('main') });
  expect(git(one.path, 'rev-parse', 'main')).toBe(server.repository.git.head('main'));
  expect(await forge.land({ ...landing, pulls })).toMatchObject({
    outcome: 'landed',
    commit: server.repository.git.head('main'),
  });
});

test('where a rule wants the newest base in the branch, GitHub works it in, and nothing lands before that is tested', async () => {
  const { server, forge, ...one } = await makeGitHub();
  const first = prepareLanding({ forge, ...one });
  server.repository.strict = true;
  const opened = await forge.open(wanted());
  const from = server.repository.push('main', { 'meanwhile.txt': 'by others\n' });
  git(one.path, 'fetch', '-q', one.remote, 'main');
  const [pull] = first.pulls;
  if (!pull) throw new Error('one was prepared');
  const to = git(one.path, 'commit-tree', `${from}^{tree}`, '-p', from, '-p', pull.headCommit, '-m', 'merge');
  const pulls = [{ ...pull, number: opened?.number ?? null }];
  expect(await forge.land({ ...first, from, to, pulls })).toMatchObject({ outcome: 'waits' });
  expect(server.repository.git.head('main')).toBe(from);
  expect(await forge.isAhead(wanted().headBranch, pull.headCommit)).toBe(true);
  expect((await forge.read(opened?.number ?? 0, 'main'))?.mergeable).toBe('clean');
});

test('a push that a rule refuses is told in its words, and nothing has moved', async () => {
  const { server, forge, ...one } = await makeGitHub();
  const landing = prepareLanding({ forge, ...one });
  server.repository.git.refusePushes('main');
  expect(await forge.land(landing)).toMatchObject({
    outcome: 'waits',
    failure: { code: 'push_refused', message: expect.stringContaining('Protected branch update failed') },
  });
  expect([server.repository.git.head('main'), git(one.path, 'rev-parse', 'main')]).toEqual([
    landing.from,
    landing.from,
  ]);
});

test('local commits of the base that are not on the remote stay, and are told', async () => {
  const { server, forge, ...one } = await makeGitHub();
  const landing = prepareLanding({ forge, ...one });
  git(one.path, 'commit', '-q', '--allow-empty', '-m', 'Not pushed');
  const own = git(one.path, 'rev-parse', 'main');
  expect(await forge.land(landing)).toMatchObject({
    outcome: 'landed',
    note: expect.stringContaining('not on the remote'),
  });
  expect(server.repository.git.head('main')).toBe(landing.to);
  expect(git(one.path, 'rev-parse', 'main')).toBe(own);
});

test('the token is in no argument, address or file of git, and a helper of the person is not told of it', async () => {
  const { forge, ...one } = await makeGitHub();
  const spy = path.join(makeFolder('spy'), 'asked');
  git(one.path, 'config', 'credential.helper', `!f() { echo "$1" >> ${spy}; cat >> ${spy}; }; f`);
  const landing = prepareLanding({ forge, ...one });
  expect(await forge.land(landing)).toMatchObject({ outcome: 'landed' });
  expect(git(one.path, 'config', '--list', '--show-origin')).not.toContain(githubToken);
  expect(() => git('/', 'hash-object', spy)).toThrow(); // nobody asked it
});
