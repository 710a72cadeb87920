import { execGit } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

/** Of these paths of the main checkout, relative to its root, those that its index has. */
export async function listTracked(repo: Repository, paths: readonly string[]): Promise<Set<string>> {
  const tracked = new Set<string>();
  for (let at = 0; at < paths.length; at += atOnce) {
    const some = paths.slice(at, at + atOnce).map((name) => `:(literal)${name}`);
    const { stdout } = await execGit(['ls-files', '-z', '--', ...some], { gitDir: repo.gitDir, workTree: repo.path });
    for (const name of stdout.split('\0')) if (name) tracked.add(name);
  }
  return tracked;
}

/** A command line has room for some 128 KB of arguments at least. */
const atOnce = 500;

/** Of these paths of a worktree, relative to its root, those that git ignores. */
export async function listIgnored(
  { path, adminDir }: { path: string; adminDir: string },
  paths: readonly string[],
): Promise<Set<string>> {
  const input = paths.map((name) => `${name}\0`).join('');
  const git = { gitDir: adminDir, workTree: path, input, okExitCodes: [0, 1] };
  const { stdout } = await execGit(['check-ignore', '-z', '--stdin'], git);
  return new Set(stdout.split('\0').filter(Boolean));
}
