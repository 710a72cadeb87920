/** A person who works in the main checkout with plain git and knows nothing of Sentra's lock, and a colleague who pushes. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const identity = { GIT_AUTHOR_NAME: 'Pat', GIT_AUTHOR_EMAIL: 'pat@example.org' };
const env = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...identity,
  GIT_COMMITTER_NAME: 'Pat',
  GIT_COMMITTER_EMAIL: 'pat@example.org',
};

export type Person = {
  /** Resolves when what was begun has ended. */
  stop(): Promise<{ commits: string[]; failures: string[] }>;
};

/** `remote`: a bare `origin` that moves as well. */
export function startPerson(checkout: string, remote: string): Person {
  const commits: string[] = [];
  const failures: string[] = [];
  let isOver = false;
  const git = async (cwd: string, ...args: string[]) => {
    try {
      return (await run('git', args, { cwd, env })).stdout.trim();
    } catch (e) {
      failures.push(`${args[0]}: ${(e as { stderr: string }).stderr}`);
      return '';
    }
  };
  const work = async () => {
    for (let round = 0; !isOver; round++) {
      await writeFile(path.join(checkout, 'notes.txt'), `${round}\n`);
      await git(checkout, 'add', 'notes.txt');
      await git(checkout, 'commit', '-q', '-m', `round ${round}`);
      commits.push(await git(checkout, 'rev-parse', 'HEAD'));
      const theirs = await git(remote, 'commit-tree', 'main^{tree}', '-p', 'main', '-m', `theirs ${round}`);
      await git(remote, 'update-ref', 'refs/heads/main', theirs);
      await git(checkout, 'fetch', '-q', 'origin');
      await git(checkout, 'worktree', 'prune');
      if (round % 4 === 1) await git(checkout, 'pack-refs', '--all');
      if (round % 4 === 3) await git(checkout, 'gc', '--quiet');
    }
  };
  const ended = work();
  return {
    stop: async () => {
      isOver = true;
      await ended;
      return { commits, failures };
    },
  };
}
