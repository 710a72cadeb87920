/** Real repositories in temporary folders, made by plain git. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

const identity = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.test',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.test',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** Runs git as a person would and answers what it printed. */
export const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8', env: { ...process.env, ...identity }, stdio: 'pipe' }).trim();

export const agentPath = path.resolve(import.meta.dirname, '../fixtures/agent.mjs');

const made: string[] = [];
const removeAll = () => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
};
if (process.env.VITEST) afterAll(removeAll);
else process.once('exit', removeAll); // a benchmark

/** A new folder, removed after the test file. */
export function makeFolder(kind: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), `sentra-${kind}-`));
  made.push(folder);
  return folder;
}

/** `sentra.json` of a project whose agent is test/fixtures/agent.mjs in these modes. */
export const agentConfig = (modes = 'good', more: Record<string, unknown> = {}) => ({
  test: 'test ! -e state.txt || grep -q green state.txt',
  agents: { default: 'tester', tester: { kind: 'command', command: ['node', agentPath, modes] } },
  ...more,
});

/** A repository on `main` with one commit, and a bare `origin` where `remote` asks for one. */
export function makeRepository(options: { config?: object; remote?: boolean; files?: Record<string, string> } = {}): {
  path: string;
  remote: string;
} {
  const folder = makeFolder('repository');
  const repository = path.join(folder, 'project');
  const remote = path.join(folder, 'remote.git');
  mkdirSync(repository);
  git(repository, 'init', '-q', '-b', 'main');
  const files = {
    'README.md': '# A project\n',
    ...(options.config ? { 'sentra.json': JSON.stringify(options.config, null, 2) } : {}),
    ...options.files,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(repository, name)), { recursive: true });
    writeFileSync(path.join(repository, name), text);
  }
  git(repository, 'add', '-A');
  git(repository, 'commit', '-q', '-m', 'Begin');
  if (options.remote) {
    git(folder, 'init', '-q', '--bare', '-b', 'main', remote);
    git(repository, 'remote', 'add', 'origin', remote);
    git(repository, 'push', '-q', 'origin', 'main');
  }
  return { path: repository, remote };
}
