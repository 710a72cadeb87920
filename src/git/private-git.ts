/**
 * The git directory of one room, in place of the repository's: own HEAD, index and settings, the task's branch and the base, and no
 * objects but those that these lead to. What is in it is a copy, made for one start and thrown away after it, so whatever a
 * program writes there is never read by us.
 */
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { findAdminDir, readText } from '#src/git/admin-dir.ts';
import { execGit, gitLine } from '#src/git/exec-git.ts';
import { bringHistory, copyPlain, copyShallow, formatOf, packInto, tipOf } from '#src/git/history.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';

export type PrivateGitRequest = {
  /** An empty folder, which becomes the git directory. */
  folder: string;
  /** Where copies of histories of this repository are kept. */
  histories: string;
  worktreePath: string;
  baseBranch: string;
  identity: { name: string; email: string };
};

export type PrivateGit = {
  /** Where the worktree's own `.git` file says that its git directory is: the place of the copy inside. */
  inside: string;
  /** A folder of objects that it needs beside its own. */
  objects: string;
};

/** Throws `worktree_failed` where the worktree or what it stands on is gone. */
export async function makePrivateGit(repo: Repository, request: PrivateGitRequest): Promise<PrivateGit> {
  const { folder, worktreePath, baseBranch } = request;
  const adminDir = await findAdminDir(repo.gitDir, worktreePath);
  const head = adminDir && (await resolveCommit({ gitDir: adminDir }, 'HEAD'));
  if (!adminDir || !head)
    throw new SentraError('worktree_failed', `The worktree ${worktreePath} is not there any more. Retry the task.`);
  const base = await resolveCommit(repo, `refs/heads/${baseBranch}`);
  const history = await bringHistory(repo, await historyFolder(repo, request.histories, head), base ?? head);
  const refs = await listRefs(repo, { adminDir, head, base, baseBranch });
  const objects = await realpath(join(history, 'objects'));
  await writeFiles(repo, request, { adminDir, head, refs, objects });
  const missing = await listMissing(folder, [head, ...refs.map(({ id }) => id)]);
  const tip = await tipOf(history);
  if (missing.length > 0) await packInto(repo, folder, [...missing, ...(tip ? [`^${tip}`] : [])]);
  return { inside: adminDir, objects };
}

/** A promise of its remote to have what is missing is nothing that a room could call in. */
export async function isPartial({ gitDir }: Pick<Repository, 'gitDir'>): Promise<boolean> {
  const args = ['config', '--name-only', '--get-regexp', '^(extensions\\.partialclone|remote\\..*\\.promisor)$'];
  const { exitCode } = await execGit(args, { gitDir, okExitCodes: [0, 1] });
  return exitCode === 0;
}

/** A clone that gets more of its history later has another copy: what was complete before is not any more. */
async function historyFolder(repo: Repository, histories: string, commit: string): Promise<string> {
  const shallow = await readText(join(repo.gitDir, 'shallow'));
  if (!shallow) return join(histories, formatOf(commit));
  const id = await execGit(['hash-object', '--stdin'], { gitDir: repo.gitDir, input: shallow });
  return join(histories, `${formatOf(commit)}-${id.stdout.trim().slice(0, 16)}`);
}

type Ref = { name: string; id: string };
type Stand = { adminDir: string; head: string; base: string | null; baseBranch: string };

/** The branch that the worktree is on, the base, and the tags of the base's history, by which builds find their version. */
async function listRefs(repo: Repository, { adminDir, head, base, baseBranch }: Stand): Promise<Ref[]> {
  const on = /^ref: (refs\/heads\/.+)$/.exec((await readText(join(adminDir, 'HEAD'))) ?? '')?.[1];
  const own = on ? [{ name: on, id: head }] : [];
  if (!base) return own;
  const format = '--format=%(objectname) %(refname)';
  const tags = await gitLine(['for-each-ref', `--merged=${base}`, format, 'refs/tags'], { gitDir: repo.gitDir });
  const named = tags
    .split('\n')
    .filter(Boolean)
    .map((line) => ({ id: line.slice(0, line.indexOf(' ')), name: line.slice(line.indexOf(' ') + 1) }));
  const baseName = `refs/heads/${baseBranch}`;
  return [...(on === baseName ? [] : [{ name: baseName, id: base }]), ...own, ...named];
}

type Content = { adminDir: string; head: string; refs: readonly Ref[]; objects: string };

async function writeFiles(repo: Repository, request: PrivateGitRequest, content: Content): Promise<void> {
  const { folder } = request;
  const { adminDir, head, refs, objects } = content;
  for (const name of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info', 'hooks'])
    await mkdir(join(folder, name), { recursive: true });
  const lines = refs.map(({ id, name }) => `${id} ${name}\n`);
  const on = (await readText(join(adminDir, 'HEAD'))) ?? head;
  await writeFile(join(folder, 'HEAD'), `${on}\n`);
  await writeFile(join(folder, 'packed-refs'), lines.join(''));
  await writeFile(join(folder, 'objects/info/alternates'), `${objects}\n`);
  await writeFile(join(folder, 'config'), await settingsFor(adminDir, formatOf(head), request.identity));
  await copyShallow(repo, folder);
  await copyPlain(join(adminDir, 'index'), join(folder, 'index'));
  for (const name of ['info/exclude', 'info/attributes']) await copyPlain(join(repo.gitDir, name), join(folder, name));
}

/** What says how files become content; without it every file could seem changed. One word each, and none names a program. */
const taken = '^core\\.(filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol|safecrlf|checkstat|trustctime)$';

async function settingsFor(
  adminDir: string,
  format: 'sha1' | 'sha256',
  identity: PrivateGitRequest['identity'],
): Promise<string> {
  const found = await execGit(['config', '--includes', '-z', '--get-regexp', taken], {
    gitDir: adminDir,
    okExitCodes: [0, 1],
  });
  const plain = found.stdout
    .split('\0')
    .map((entry) => /^core\.(\w+)\n(\w+)$/.exec(entry))
    .flatMap((entry) => (entry ? [`\t${entry[1]} = ${entry[2]}`] : []));
  return [
    '[core]',
    `\trepositoryformatversion = ${format === 'sha256' ? 1 : 0}`,
    '\tbare = false',
    '\tlogallrefupdates = true',
    ...plain,
    ...(format === 'sha256' ? ['[extensions]', '\tobjectformat = sha256'] : []),
    '[user]',
    `\tname = ${JSON.stringify(identity.name)}`,
    `\temail = ${JSON.stringify(identity.email)}`,
    '[gc]',
    '\tauto = 0',
    '',
  ].join('\n');
}

/** Objects that neither it nor its history has. */
async function listMissing(gitDir: string, ids: readonly string[]): Promise<string[]> {
  const input = `${[...new Set(ids)].join('\n')}\n`;
  const { stdout } = await execGit(['cat-file', '--batch-check'], { gitDir, input });
  return stdout.split('\n').flatMap((line) => (line.endsWith(' missing') ? [line.slice(0, line.indexOf(' '))] : []));
}
