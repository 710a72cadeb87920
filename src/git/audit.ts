/** What a repository itself says of Sentra's commits, and whether it is whole. */
import { execGit } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

export type OwnCommit = {
  hash: string;
  taskId: string;
  adwId: string;
  /** Null for a merge. */
  phase: string | null;
  attempt: string | null;
};

const trailers = ['Task-ID', 'ADW-ID', 'Phase', 'Attempt'];

/** Every commit, on whatever branch, whose trailers say that Sentra made it (git-interpret-trailers(1)). */
export async function listOwnCommits(repo: Repository): Promise<OwnCommit[]> {
  const fields = trailers.map((key) => `%(trailers:key=${key},valueonly,separator=%x2C)`);
  const { stdout } = await execGit(
    ['log', '--branches', '--grep=^ADW-ID: adw-', `--format=%H%x1f${fields.join('%x1f')}%x1e`],
    { gitDir: repo.gitDir },
  );
  return stdout.split('\x1e').flatMap((record) => {
    const [hash = '', taskId = '', adwId = '', phase = '', attempt = ''] = record.trim().split('\x1f');
    return hash && taskId && adwId ? [{ hash, taskId, adwId, phase: phase || null, attempt: attempt || null }] : [];
  });
}

/** What `git fsck` finds missing or broken; objects that nothing needs are no problem. */
export async function findDamage(repo: Repository): Promise<string[]> {
  const { exitCode, stdout, stderr } = await execGit(
    ['fsck', '--connectivity-only', '--no-dangling', '--no-progress'],
    {
      gitDir: repo.gitDir,
      okExitCodes: 'any',
      timeoutMs: 10 * 60_000,
    },
  );
  return exitCode === 0 ? [] : `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim());
}

/** Those of the commits that a branch does not contain. */
export async function listNotContained(repo: Repository, ref: string, commits: readonly string[]): Promise<string[]> {
  const lost: string[] = [];
  for (const commit of commits) {
    const args = ['merge-base', '--is-ancestor', '--end-of-options', commit, ref];
    const { exitCode } = await execGit(args, { gitDir: repo.gitDir, okExitCodes: [0, 1, 128] });
    if (exitCode !== 0) lost.push(commit);
  }
  return lost;
}
