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
