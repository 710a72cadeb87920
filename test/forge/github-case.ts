/** A forge on a GitHub-like server of its own, beside a checkout that has it as its remote. */
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createGitHubForge } from '#src/forge/github.ts';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { type GitHubServer, githubToken, startGitHub } from '../fixtures/github-server.ts';
import { git, makeFolder, makeRepository } from '../helpers/repository.ts';

const servers: GitHubServer[] = [];
beforeAll(() => setGitUserEnvironment({ PATH: process.env.PATH, HOME: makeFolder('nobody') }));
afterAll(async () => {
  for (const server of servers) await server.close();
});

export const tokens = { find: async () => githubToken };

export async function makeGitHub(given = tokens, place: { labels?: string[]; reviewers?: string[] } = {}) {
  const server = await startGitHub(makeFolder('github'));
  servers.push(server);
  const { path: folder } = makeRepository();
  git(folder, 'remote', 'add', 'origin', server.remoteUrl);
  git(folder, 'push', '-q', server.repository.git.bare, 'main');
  server.repository.refresh();
  const { apiUrl, host } = server;
  const forge = createGitHubForge(
    { path: folder, gitDir: path.join(folder, '.git'), remote: 'origin' },
    { apiUrl, host, owner: 'octo', repository: 'shop', labels: [], reviewers: [], ...place },
    given,
  );
  return { forge, path: folder, remote: server.repository.git.bare, server, onPush: () => server.repository.refresh() };
}
