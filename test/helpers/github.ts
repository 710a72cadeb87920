/** Projects whose remote is a GitHub-like server of ours. */

import { createHmac, randomUUID } from 'node:crypto';
import { type GitHubServer, githubToken, startGitHub } from '../fixtures/github-server.ts';
import { agentConfig, git, makeFolder, makeRepository } from './repository.ts';
import type { TestSentra } from './sentra.ts';

export const webhookSecret = 'shared with GitHub alone';

/** Sends what GitHub sends when something happened; answers the status and whether it was new. */
export async function sendWebhook(
  { url }: Pick<TestSentra, 'url'>,
  { id = randomUUID(), secret = webhookSecret }: { id?: string; secret?: string } = {},
): Promise<{ status: number; taken?: boolean }> {
  const body = JSON.stringify({ action: 'submitted', repository: { full_name: 'octo/shop' } });
  const response = await fetch(`${url}/api/webhooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  });
  return { status: response.status, ...((await response.json()) as { taken?: boolean }) };
}

export const newGitHub = (): Promise<GitHubServer> => startGitHub(makeFolder('github'));

/** What a person gives Sentra for a server of their own. */
export const githubEnv = ({ host }: GitHubServer): Record<string, string> => ({
  GH_HOST: host,
  GH_ENTERPRISE_TOKEN: githubToken,
  SENTRA_FORGE_POLL_MS: '150',
  SENTRA_WEBHOOK_SECRET: webhookSecret,
});

export const forgeConfig = ({ apiUrl }: GitHubServer, more: Record<string, unknown> = {}) => ({
  kind: 'github',
  apiUrl,
  ...more,
});

export async function addGitHubProject(
  { client }: TestSentra,
  github: GitHubServer,
  modes = 'good',
  config: Record<string, unknown> = {},
) {
  const { path } = makeRepository({ config: agentConfig(modes, { forge: forgeConfig(github), ...config }) });
  git(path, 'remote', 'add', 'origin', github.remoteUrl);
  // Not over HTTP: a person's own push is nothing that is tested here.
  git(path, 'push', '-q', github.repository.git.bare, 'main');
  github.repository.refresh();
  return client.addProject({ body: { path } });
}
