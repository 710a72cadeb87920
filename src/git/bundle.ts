/** Branches of a repository as one file, complete in itself (git-bundle(1)), and back. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isContained, markOf, moveBranch } from '#src/git/branch.ts';
import { execGit, gitLine } from '#src/git/exec-git.ts';
import { inspectRepository, type Repository, resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';

const timeoutMs = 60 * 60_000;
/** Where a branch of a bundle is put when the repository has another one of that name. */
const asideOf = (branch: string): string => `refs/sentra/restored/${branch}`;

/** Of the branches those that are there; answers how many that is, and writes nothing when it is none. */
export async function writeBundle(
  { gitDir }: Pick<Repository, 'gitDir'>,
  { file, branches, signal }: { file: string; branches: readonly string[]; signal: AbortSignal },
): Promise<number> {
  const wanted = new Set(branches.map((name) => `refs/heads/${name}`));
  const there = await gitLine(['for-each-ref', '--format=%(refname)', 'refs/heads'], { gitDir });
  const refs = there.split('\n').filter((name) => wanted.has(name));
  if (refs.length === 0) return 0;
  const options = { gitDir, input: `${refs.join('\n')}\n`, gentle: true, timeoutMs, signal };
  await execGit(['bundle', 'create', '--quiet', file, '--stdin'], options);
  return refs.length;
}

export type BundlePlace = Repository & {
  baseBranch: string;
  remote: { name: string; url: string } | null;
  /** Those that belong to tasks. */
  branches: readonly { name: string; taskId: string }[];
};

/** `aside`: refs with branches that the repository has too, and which stand elsewhere there. */
export type Unbundled = { isNew: boolean; branches: string[]; aside: string[] };

/**
 * Adds what is missing; what is there stays as it is. Where nothing is at its path the repository is made, beside it until it is whole:
 * done again after a kill, it comes to the same. Throws `not_a_repository`.
 */
export async function readBundle(place: BundlePlace, file: string): Promise<Unbundled> {
  if (!existsSync(place.path)) return { isNew: true, ...(await makeRepository(place, file)) };
  const repo = await inspectRepository(place.path);
  return { isNew: false, ...(await withRepositoryLock(repo.gitDir, () => addBranches(repo, place, file))) };
}

async function addBranches(repo: Repository, place: BundlePlace, file: string): Promise<Omit<Unbundled, 'isNew'>> {
  const { gitDir } = repo;
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', file, `+refs/heads/*:${asideOf('*')}`];
  await execGit(fetch, { gitDir, timeoutMs });
  const found: Omit<Unbundled, 'isNew'> = { branches: [], aside: [] };
  for (const { branch: name, commit } of await listHeads(file)) {
    const tip = await resolveCommit(repo, `refs/heads/${name}`);
    const owner = place.branches.find((branch) => branch.name === name)?.taskId ?? 'restored';
    if (tip === null) {
      const made = await moveBranch(gitDir, { name, from: '0'.repeat(commit.length), to: commit, line: markOf(owner) });
      if (made.exitCode === 0) found.branches.push(name);
    } else if (!(await isContained(repo, tip, commit))) {
      found.aside.push(asideOf(name));
      continue;
    }
    await execGit(['update-ref', '-d', asideOf(name)], { gitDir });
  }
  return found;
}

async function makeRepository(place: BundlePlace, file: string): Promise<Omit<Unbundled, 'isNew'>> {
  const { path: folder, gitDir: wanted, baseBranch, remote } = place;
  if (wanted !== path.join(folder, '.git'))
    throw new Error(`its git directory was ${wanted}, which is not made anew; put it back, then restore`);
  const unfinished = `${folder}.restoring`;
  const repo = { path: unfinished, gitDir: path.join(unfinished, '.git') };
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await execGit(['init', '--quiet', `--initial-branch=${baseBranch}`, '.'], { cwd: unfinished });
  if (remote) await execGit(['remote', 'add', '--', remote.name, remote.url], { gitDir: repo.gitDir });
  const found = await addBranches(repo, place, file);
  await execGit(['reset', '--quiet', '--hard'], { gitDir: repo.gitDir, workTree: unfinished, timeoutMs });
  await rename(unfinished, folder);
  return found;
}

async function listHeads(file: string): Promise<{ branch: string; commit: string }[]> {
  const lines = await gitLine(['bundle', 'list-heads', file], { cwd: path.dirname(file) });
  return lines
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, ref]) => ref?.startsWith('refs/heads/'))
    .map(([commit = '', ref = '']) => ({ commit, branch: ref.slice('refs/heads/'.length) }));
}
