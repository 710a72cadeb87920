import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { Repository } from '#src/git/repository.ts';

const made: string[] = [];
afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

/** A new empty folder, deleted after the test file. */
export function tempDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sentra-git-')));
  made.push(dir);
  return dir;
}

export const identity = { name: 'Ada', email: 'ada@example.org' };
export const date = '2026-01-02T03:04:05.678Z';

const env = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Pat',
  GIT_AUTHOR_EMAIL: 'pat@example.org',
  GIT_COMMITTER_NAME: 'Pat',
  GIT_COMMITTER_EMAIL: 'pat@example.org',
};

/** Plain git, as a person would run it. */
export const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** The same with something to read. */
export const feedGit = (cwd: string, input: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, env, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }).trim();

export function write(dir: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

export function commitAll(dir: string, message = 'change'): string {
  git(dir, 'add', '-A', '-f');
  git(dir, 'commit', '-q', '--allow-empty', '-m', message);
  return git(dir, 'rev-parse', 'HEAD');
}

/** A repository with one commit on main. */
export function makeRepository(files: Record<string, string> = { 'a.txt': 'one\n' }): Repository & { base: string } {
  const path = join(tempDir(), 'repo');
  mkdirSync(path);
  git(path, 'init', '-q', '-b', 'main');
  write(path, files);
  return { path, gitDir: join(path, '.git'), base: commitAll(path, 'first') };
}

export const worktreePath = (repo: Repository, name: string) => join(repo.path, '.sentra', 'worktrees', name);
