/** Remotes that a repository names so that a push or a fetch, which has the person's own rights, starts a program or gives something away. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { fetchBranch, pushBranch } from '#src/git/push.ts';
import { git, makeRepository, tempDir } from '../git/repository-fixture.ts';
import { writeProgram } from './git-traps.ts';

let server: Server;
let url: string;
let home: string;
const asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.authorization ?? '');
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`;
  home = tempDir();
  setGitUserEnvironment({ PATH: process.env.PATH, HOME: home });
});
afterAll(() => {
  setGitUserEnvironment(process.env);
  server.close();
});

type Row = { name: string; remote: () => string; plant(repository: string, mark: string): void };

const config = (key: string, value: (mark: string) => string) => (repository: string, mark: string) =>
  void git(repository, 'config', key, value(mark));

const rows: Row[] = [
  { name: 'credential.helper', remote: () => url, plant: config('credential.helper', (mark) => `!touch '${mark}'; :`) },
  {
    name: 'credential.helper of one server',
    remote: () => url,
    plant: (repository, mark) =>
      git(repository, 'config', `credential.${new URL(url).origin}.helper`, `!touch '${mark}'; :`),
  },
  {
    name: 'credential.helper with arguments for a shell',
    remote: () => url,
    plant: config('credential.helper', (mark) => `store; touch '${mark}'`),
  },
  {
    name: 'core.askPass',
    remote: () => url,
    plant: (repository, mark) => {
      writeProgram(path.join(repository, '.git/ask'), `touch '${mark}'`, 'echo x');
      git(repository, 'config', 'core.askPass', path.join(repository, '.git/ask'));
    },
  },
  {
    name: 'core.sshCommand',
    remote: () => 'ssh://127.0.0.1:1/x.git',
    plant: config('core.sshCommand', (mark) => `touch '${mark}'; false`),
  },
  {
    name: 'core.gitProxy',
    remote: () => 'git://127.0.0.1:1/x.git',
    plant: (repository, mark) => {
      writeProgram(path.join(repository, '.git/proxy'), `touch '${mark}'`, 'exit 1');
      git(repository, 'config', 'core.gitProxy', path.join(repository, '.git/proxy'));
    },
  },
  {
    name: 'a remote helper that runs commands',
    remote: () => 'none',
    plant: (repository, mark) => {
      git(repository, 'remote', 'set-url', 'evil', `ext::sh -c touch% ${mark}`);
      git(repository, 'config', 'protocol.ext.allow', 'always');
    },
  },
  {
    name: 'a remote in the tree with hooks of its own',
    remote: () => './payload.git',
    plant: (repository, mark) => {
      git(repository, 'clone', '-q', '--bare', repository, 'payload.git');
      writeProgram(path.join(repository, 'payload.git/hooks/pre-receive'), `touch '${mark}'`);
    },
  },
  {
    name: 'a push address in the tree behind one that is not',
    remote: () => url,
    plant: (repository, mark) => {
      git(repository, 'clone', '-q', '--bare', repository, '.git/payload.git');
      writeProgram(path.join(repository, '.git/payload.git/hooks/post-receive'), `touch '${mark}'`);
      git(repository, 'config', 'remote.evil.pushurl', `file://${repository}/.git/payload.git`);
    },
  },
];

function lay({ remote, plant }: Row) {
  const repository = makeRepository();
  const mark = path.join(tempDir(), 'sprung');
  git(repository.path, 'remote', 'add', 'evil', remote());
  plant(repository.path, mark);
  return { repository, mark };
}

/** Not by a call that waits: the server that is asked is in this process. */
async function pushPlainly(cwd: string): Promise<void> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
  const push = ['push', '-q', 'evil', 'HEAD:refs/heads/x'];
  await promisify(execFile)('git', push, { cwd, env }).catch(() => {}); // nothing lets it in there
}

test.each(rows)('$name does nothing in our push and fetch, and does in plain git', async (row) => {
  const ours = lay(row);
  const { base: commit } = ours.repository;
  const pushed = await pushBranch(ours.repository, { branchName: 'feature/x', commit, remote: 'evil' });
  expect(pushed.outcome).toBe('refused');
  const fetched = fetchBranch(ours.repository, { branchName: 'main', remote: 'evil' });
  expect(await fetched.catch((e) => (e.code === 'git_failed' ? null : e))).toBeNull();
  expect(existsSync(ours.mark)).toBe(false);
  const plain = lay(row);
  await pushPlainly(plain.repository.path);
  expect(existsSync(plain.mark)).toBe(true);
});

test("a person's own helper is asked although the repository names another, and a plain word of the repository counts", async () => {
  const mine = path.join(home, 'mine');
  writeProgram(path.join(home, 'helper'), `echo "$1" >> '${mine}'`, 'printf "username=me\\npassword=secret\\n"');
  writeFileSync(path.join(home, '.gitconfig'), `[credential]\n\thelper = ${path.join(home, 'helper')}\n`);
  const repository = makeRepository();
  git(repository.path, 'remote', 'add', 'origin', url);
  git(repository.path, 'config', 'credential.helper', '!exit 1');
  git(repository.path, 'config', '--add', 'credential.helper', 'cache');
  await pushBranch(repository, { branchName: 'feature/x', commit: repository.base, remote: 'origin' });
  expect(readFileSync(mine, 'utf8')).toContain('get');
  expect(asked).toContain(`Basic ${btoa('me:secret')}`);
});
