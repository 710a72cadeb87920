/**
 * A worktree for a task, on repositories of 400, 7,000 and 28,000 files: taken from the pool (row, branch, HEAD, move), against two
 * bare git commands; and made from nothing, against a plain `git worktree add`. `npm run bench -- worktree-claim 400` for one size.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ProjectConfig } from '#src/domain/project-config.ts';
import { markPooled } from '#src/git/admin-dir.ts';
import { makePooled, type Pooled, settle } from '#src/git/pool.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { openDatabase } from '#src/store/database.ts';
import { insertPooled, setPooledReady } from '#src/store/pool.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { claimWorktree, poolSettings } from '#src/workflows/pool.ts';
import { type Benchmark, interleave, type Result } from './benchmark.ts';
import { makeRepositoryOf } from './repository-of.ts';

const run = promisify(execFile);
const sizes = [400, 7_000, 28_000];

export const worktreeClaim: Benchmark = {
  name: 'worktree-claim',
  title: 'a worktree from the pool and one from nothing, against git alone',
  async measure(say, option) {
    const home = mkdtempSync(path.join(os.tmpdir(), 'sentra-bench-'));
    chmodSync(home, 0o711); // under root the database's user must be able to enter
    const postgres = await startEmbedded({ home });
    const database = await openDatabase(postgres.url);
    try {
      await database.migrate();
      await database.pool.query(
        `insert into sentra.projects (id, name, path, base_branch, git_dir) values ('p', 'p', 'p', 'main', 'p')`,
      );
      await database.pool.query(`insert into sentra.tasks (id, project_id, title, description, type, priority, workflow_type, auto_start,
        no_changes_expected, needs_dev_server, labels, status) values ('${taskId}', 'p', '', '', 'chore', 'low', 'code', false, false, false, '{}', 'pending')`);
      const results: Result[] = [];
      for (const files of option ? [Number(option)] : sizes)
        results.push(...(await measureSize({ database, home } as Parts, files, say)));
      return results;
    } finally {
      await database.close();
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

const taskId = 'task-0000000bench';
const poolId = 'pool-0000000bench';

async function measureSize(parts: Parts, files: number, say: (line: string) => void): Promise<Result[]> {
  const repository = await makeRepositoryOf(files);
  const repo = { path: repository.path, gitDir: path.join(repository.path, '.git') };
  const { stdout } = await run('git', ['rev-parse', 'HEAD'], { cwd: repo.path });
  const base = stdout.trim();
  try {
    say(`${files} files, from the pool`);
    const warm = await measureWarm(parts, repo, base, say);
    say(`${files} files, from nothing`);
    const cold = await measureCold(repo, base, files, say);
    return [
      { ...warm, files },
      { ...cold, files },
    ];
  } finally {
    await repository.remove();
  }
}

type Repo = { path: string; gitDir: string };

async function measureWarm(parts: Parts, repo: Repo, base: string, say: (line: string) => void): Promise<Result> {
  const { signal } = new AbortController();
  const folder = path.join(repo.path, '.sentra', 'worktrees');
  const pooled = await makePooled(repo, { path: path.join(folder, poolId), base, signal });
  await settle(pooled, signal);
  const bare = await makePooled(repo, { path: path.join(folder, 'bare'), base, signal });
  return interleave(
    'worktree-claim',
    { value: () => claim(parts, repo, pooled), floor: () => twoCommands(repo, bare) },
    { warmUps: 2, runs: 15, say },
  );
}

/** The taken worktree is turned into a prepared one again, untimed. */
async function claim(parts: Parts, repo: Repo, pooled: Pooled): Promise<number> {
  const { db, pool } = parts.database;
  const config = ProjectConfig.parse({});
  const { path: folder, base, adminDir } = pooled;
  await insertPooled(db, {
    id: poolId,
    projectId: 'p',
    path: folder,
    base,
    settings: poolSettings(config, false),
    workerId: 'w',
  });
  await setPooledReady(db, poolId, { adminDir, base, dependencies: null, named: [] });
  const facts = { taskId, config, confined: false, project: { ...repo, id: 'p', baseBranch: 'main', remote: null } };
  const wanted = { path: path.join(path.dirname(folder), taskId), branchName: 'feature/claimed', base };
  const startedAt = performance.now();
  const claimed = await claimWorktree(parts, facts, wanted, console.error);
  const ms = performance.now() - startedAt;
  if (!claimed) throw new Error('The prepared worktree was not taken');
  await pool.query('delete from sentra.pool_worktrees');
  renameSync(wanted.path, folder);
  await run('git', ['update-ref', '--no-deref', 'HEAD', base], { cwd: folder });
  await run('git', ['branch', '-q', '-D', wanted.branchName], { cwd: repo.path });
  writeFileSync(path.join(adminDir, 'gitdir'), `${path.join(folder, '.git')}\n`);
  await markPooled(adminDir);
  return ms;
}

/** A branch and a HEAD that leads to it. */
async function twoCommands(repo: Repo, { adminDir, base }: Pooled): Promise<number> {
  const startedAt = performance.now();
  await run('git', ['update-ref', 'refs/heads/feature/bare', base, '0'.repeat(base.length)], { cwd: repo.path });
  await run('git', ['symbolic-ref', 'HEAD', 'refs/heads/feature/bare'], {
    cwd: adminDir,
    env: { ...bareEnv, GIT_DIR: adminDir },
  });
  const ms = performance.now() - startedAt;
  await run('git', ['update-ref', '--no-deref', 'HEAD', base], {
    cwd: adminDir,
    env: { ...bareEnv, GIT_DIR: adminDir },
  });
  await run('git', ['branch', '-q', '-D', 'feature/bare'], { cwd: repo.path });
  return ms;
}

const bareEnv = { PATH: process.env.PATH ?? '' };

async function measureCold(repo: Repo, base: string, files: number, say: (line: string) => void): Promise<Result> {
  const folder = path.join(repo.path, '.sentra', 'worktrees', 'cold');
  return interleave(
    'worktree-cold',
    {
      value: () =>
        inFresh(repo, folder, () => createWorktree(repo, { path: folder, branchName: 'feature/cold', base })),
      floor: () =>
        inFresh(repo, folder, () =>
          run('git', ['worktree', 'add', '--quiet', '--no-track', '-b', 'feature/cold', folder, base], {
            cwd: repo.path,
          }),
        ),
    },
    { warmUps: 1, runs: files > 10_000 ? 5 : 9, say },
  );
}

/** What came out is removed untimed. */
async function inFresh(repo: Repo, folder: string, act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  const ms = performance.now() - startedAt;
  await run('git', ['worktree', 'remove', '-f', '-f', folder], { cwd: repo.path });
  await run('git', ['branch', '-q', '-D', 'feature/cold'], { cwd: repo.path });
  return ms;
}
