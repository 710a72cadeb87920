/** What a worktree of a repository lacks, although it works: told where a project is added and where a worktree is made. */
import { execGit } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

/** Sentences for people; none for most repositories. `commit`: what the worktree starts from. */
export async function findLimits(repo: Pick<Repository, 'gitDir'>, commit: string): Promise<string[]> {
  const [submodules, filters, sparse] = await Promise.all([
    listSubmodules(repo, commit),
    listFilters(repo, commit),
    isSparse(repo),
  ]);
  const encrypting = filters.filter((name) => /^(git-)?crypt(-.+)?$/.test(name));
  return [
    ...(submodules.length > 0
      ? [
          `Submodules are empty folders in a worktree (${submodules.join(', ')}), and changes in them are not committed.`,
        ]
      : []),
    ...(filters.includes('lfs')
      ? ['Files of LFS are pointers in a worktree, and a task that gives one new content cannot be committed.']
      : []),
    ...(encrypting.length > 0
      ? [
          `Files under ${encrypting.join(', ')} stay encrypted in a worktree, and a task that changes one cannot be committed.`,
        ]
      : []),
    ...(sparse ? ['The checkout is sparse, and so is each worktree: files that it leaves out are not there.'] : []),
  ];
}

async function listSubmodules({ gitDir }: Pick<Repository, 'gitDir'>, commit: string): Promise<string[]> {
  const args = ['config', '--blob', `${commit}:.gitmodules`, '-z', '--get-regexp', '^submodule\\..*\\.path$'];
  const { stdout, exitCode } = await execGit(args, { gitDir, okExitCodes: 'any' });
  const entries = exitCode === 0 ? stdout.split('\0').filter(Boolean) : [];
  return entries.map((entry) => entry.slice(entry.indexOf('\n') + 1));
}

async function listFilters({ gitDir }: Pick<Repository, 'gitDir'>, commit: string): Promise<string[]> {
  const args = ['grep', '-h', '-o', '-E', 'filter=[^[:space:]]+', commit, '--', ':(glob)**/.gitattributes'];
  const { stdout, exitCode } = await execGit(args, { gitDir, okExitCodes: 'any' });
  const found = exitCode === 0 ? stdout.split('\n').filter(Boolean) : [];
  return [...new Set(found.map((one) => one.slice('filter='.length)))];
}

async function isSparse({ gitDir }: Pick<Repository, 'gitDir'>): Promise<boolean> {
  const args = ['config', '--bool', '--default', 'false', 'core.sparseCheckout'];
  return (await execGit(args, { gitDir })).stdout.trim() === 'true';
}
