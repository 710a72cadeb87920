/**
 * Git as Sentra needs it: worktrees, commits, diffs, merges, pushes. This folder knows files and commits; it does not know tasks,
 * runs or the database. Everything goes through `execGit`; a repository is addressed by its git directory, never by what a
 * `.git` file inside a worktree says, because agents can write there.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { isOwnAdminDir } from '#src/git/admin-dir.ts';
import { execGit, gitLine, lastLines } from '#src/git/exec-git.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';

/** `path`: the main checkout. `gitDir`: the git directory that all worktrees share. Both absolute. */
export type Repository = { path: string; gitDir: string };

export type RepositoryFacts = Repository & {
  baseBranch: string;
  /** Name of the remote to push to, `origin` where there is one. */
  remote: string | null;
};

/** What there is at a path, which may be a subfolder of a repository. Refuses what Sentra cannot work in. */
export async function inspectRepository(path: string): Promise<RepositoryFacts> {
  const folder = await folderOf(path);
  if (/[\r\n]/.test(folder))
    throw new SentraError(
      'not_a_repository',
      `${JSON.stringify(folder)} has a line break in its path, which git cannot write into its own files. Rename the folder, then add it.`,
    );
  const repo = await locate(folder);
  const branches = await listBranches(repo);
  const hasCommit = branches.length > 0 || (await resolveCommit(repo, 'HEAD')) !== null;
  if (!hasCommit)
    throw new SentraError(
      'empty_repository',
      `${repo.path} has no commit yet. Make a first commit there, then add it.`,
    );
  return { ...repo, baseBranch: await detectBaseBranch(repo, branches), remote: await findRemote(repo) };
}

/** The commit that a name stands for, or null. */
export async function resolveCommit(repo: Pick<Repository, 'gitDir'>, ref: string): Promise<string | null> {
  const args = ['rev-parse', '-q', '--verify', '--end-of-options', `${ref}^{commit}`];
  const { exitCode, stdout } = await execGit(args, { gitDir: repo.gitDir, okExitCodes: [0, 1, 128] });
  return exitCode === 0 ? stdout.trim() : null;
}

/** Adds patterns to `info/exclude`, which ignores files in every worktree without touching the project's own files. */
export function excludeLocally(repo: Pick<Repository, 'gitDir'>, patterns: readonly string[]): Promise<void> {
  return withRepositoryLock(repo.gitDir, async () => {
    const file = join(repo.gitDir, 'info', 'exclude');
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = new Set(text.split(/\r?\n/));
    const added = patterns.filter((pattern) => !lines.has(pattern));
    if (added.length === 0) return;
    await mkdir(dirname(file), { recursive: true });
    const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    await writeFile(`${file}.sentra`, `${start}${added.join('\n')}\n`);
    await rename(`${file}.sentra`, file);
  });
}

/** Whether the repository vanished from where it was registered. */
export const isMissing = (repo: Repository): boolean =>
  !existsSync(repo.path) || !existsSync(join(repo.gitDir, 'HEAD'));

/** `origin`, else the only remote, else null. */
export async function findRemote(repo: Pick<Repository, 'gitDir'>): Promise<string | null> {
  const names = (await gitLine(['remote'], { gitDir: repo.gitDir })).split('\n').filter(Boolean);
  if (names.includes('origin')) return 'origin';
  return names.length === 1 ? (names[0] ?? null) : null;
}

/** As git itself would reach it, with the person's own rewriting of addresses left out; null when it is not configured. */
export async function findRemoteUrl({ gitDir }: Pick<Repository, 'gitDir'>, remote: string): Promise<string | null> {
  const found = await execGit(['config', '--get', `remote.${remote}.url`], { gitDir, okExitCodes: [0, 1] });
  return found.stdout.trim() || null;
}

async function folderOf(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (!real || !(await stat(real)).isDirectory())
    throw new SentraError(
      'not_a_repository',
      `${path} is not a folder on this machine. Give the path of a git repository.`,
    );
  return basename(real) === '.git' ? dirname(real) : real;
}

async function locate(folder: string): Promise<Repository> {
  const args = ['rev-parse', '--path-format=absolute', '--is-bare-repository', '--git-common-dir', '--git-dir'];
  const found = await execGit(args, { cwd: folder, okExitCodes: [0, 128] });
  if (found.exitCode !== 0 && !/bare repository/.test(found.stderr)) throw noRepository(folder, found.stderr);
  const [bare, commonDir = '', adminDir = ''] = found.stdout.split('\n');
  if (found.exitCode !== 0 || bare === 'true') throw bareRepository(folder);
  const gitDir = await realpath(commonDir);
  if ((await gitLine(['config', '--default', 'files', 'extensions.refStorage'], { gitDir })) !== 'files')
    throw new SentraError(
      'not_a_repository',
      `${folder} keeps its branches in another way than as files (reftable), which Sentra cannot follow. Run "git refs migrate --ref-format=files" there, then add it.`,
    );
  const { stdout: topLine } = await execGit(['rev-parse', '--show-toplevel'], { cwd: folder });
  const top = await realpath(topLine.replace(/\n$/, '')); // a name may end with a space
  if ((await realpath(adminDir)) === gitDir) return { path: top, gitDir };
  if (top.includes(`${sep}.sentra${sep}worktrees${sep}`) || (await isOwnAdminDir(adminDir)))
    throw new SentraError(
      'own_worktree',
      `${top} is a worktree that Sentra made for a task. Add its repository instead.`,
    );
  const main = basename(gitDir) === '.git' ? dirname(gitDir) : null;
  if (!main || (await gitLine(['config', '--bool', '--default', 'false', 'core.bare'], { gitDir })) === 'true')
    throw bareRepository(gitDir);
  return { path: main, gitDir };
}

const noRepository = (folder: string, said: string) =>
  new SentraError(
    'not_a_repository',
    /not a git repository/.test(said)
      ? `${folder} is not inside a git repository. Run "git init" and commit there, or give another path.`
      : `Git cannot read the repository at ${folder}: ${lastLines(said)}. Use a git that can, or clone it in a form that this one knows.`,
  );

const bareRepository = (folder: string) =>
  new SentraError(
    'bare_repository',
    `${folder} is a bare repository: it has no files to work on. Clone it and add the clone.`,
  );

/** Every branch, and those that were seen on remotes, without the remote's name. */
export async function listBranchNames(repo: Pick<Repository, 'gitDir'>): Promise<{ here: string[]; remote: string[] }> {
  const [here, remote] = await Promise.all([listBranches(repo), listRefs(repo, 'refs/remotes', 3)]);
  return { here, remote };
}

const listBranches = (repo: Pick<Repository, 'gitDir'>): Promise<string[]> => listRefs(repo, 'refs/heads', 2);

async function listRefs({ gitDir }: Pick<Repository, 'gitDir'>, under: string, strip: number): Promise<string[]> {
  const names = await gitLine(['for-each-ref', `--format=%(refname:lstrip=${strip})`, under], { gitDir });
  return names.split('\n').filter(Boolean);
}

async function detectBaseBranch(repo: Repository, branches: string[]): Promise<string> {
  const symbolic = async (name: string) =>
    (await execGit(['symbolic-ref', '-q', name], { gitDir: repo.gitDir, okExitCodes: [0, 1, 128] })).stdout.trim();
  const ofRemote = (await symbolic('refs/remotes/origin/HEAD')).replace(/^refs\/remotes\/origin\//, '');
  const current = (await symbolic('HEAD')).replace(/^refs\/heads\//, '');
  const found = [ofRemote, 'main', 'master', current, 'trunk', 'develop'].find((name) => branches.includes(name));
  const branch = found ?? branches[0];
  if (branch) return branch;
  throw new SentraError(
    'empty_repository',
    `${repo.path} has no branch to merge into. Make one there with "git switch -c main", then add it.`,
  );
}
