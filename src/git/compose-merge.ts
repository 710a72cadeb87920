/**
 * What a base branch would become: commits made of objects alone, so that they can be tested before anything moves. The same
 * request always gives the same commit.
 */
import { SentraError } from '#src/errors.ts';
import { isContained } from '#src/git/branch.ts';
import { commitTree, type Identity } from '#src/git/commit.ts';
import { execGit, gitLine, lastLines } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

export type MergeStyle = 'merge' | 'squash' | 'rebase';

type Signed = { identity: Identity /** ISO 8601. */; date: string };

export type ComposeRequest = Signed & {
  /** The commit that it goes on top of. */
  onto: string;
  /** The commit to merge. */
  head: string;
  /** Of the commit that is made for the branch as a whole. */
  message: string;
  style?: MergeStyle;
  /** Where its own work begins: for a branch on top of another one, whose work `onto` may have by other commits. */
  standsOn?: string | undefined;
};

export type Composed =
  | { outcome: 'composed'; commit: string; tree: string }
  /** `onto` has it already, by this commit. */
  | { outcome: 'contained'; commit: string }
  /** `said`: in git's own words, for who solves it. */
  | { outcome: 'conflict'; paths: string[]; said: string };

export async function composeMerge(repo: Repository, request: ComposeRequest): Promise<Composed> {
  const { onto, head, style = 'merge' } = request;
  const earlier = await findMerge(repo, onto, head);
  if (earlier) return { outcome: 'contained', commit: earlier };
  const replayed = style === 'rebase' ? await replay(repo, request) : null;
  if (replayed && !(await hasMerges(repo, request))) return replayed;
  const merged = await mergeTrees(repo, await asOnTop(repo, request), head);
  // What was solved where the base was merged into the branch is in no commit but that merge: then it goes as one.
  if (replayed?.outcome === 'composed' && merged.clean && replayed.tree === merged.tree) return replayed;
  if (!merged.clean) return { outcome: 'conflict', paths: merged.paths, said: merged.said };
  const parents = style === 'merge' ? [onto, head] : [onto];
  const commit = await commitTree(repo.gitDir, { ...request, tree: merged.tree, parents });
  return { outcome: 'composed', commit, tree: merged.tree };
}

/** `onto`, or its files as if they came from what the branch stands on: so git takes that one for the common ancestor. */
async function asOnTop(repo: Repository, request: ComposeRequest): Promise<string> {
  const { onto, standsOn } = request;
  if (standsOn === undefined || (await isContained(repo, onto, standsOn))) return onto;
  return commitTree(repo.gitDir, {
    ...request,
    message: 'stand-in\n',
    tree: await treeOf(repo, onto),
    parents: [standsOn],
  });
}

/** Several merges that were tested as one are one step of the base: a commit over it whose second parent has them. */
export async function composeGroup(
  repo: Repository,
  request: Omit<ComposeRequest, 'style'>,
): Promise<{ commit: string; tree: string }> {
  const tree = await treeOf(repo, request.head);
  const commit = await commitTree(repo.gitDir, { ...request, tree, parents: [request.onto, request.head] });
  return { commit, tree };
}

export const treeOf = (repo: Repository, commit: string): Promise<string> =>
  gitLine(['rev-parse', '--verify', `${commit}^{tree}`], { gitDir: repo.gitDir });

/** The merge commit on the base that brought `head`, or `head` itself when the base got it in another way. */
async function findMerge(repo: Repository, base: string, head: string): Promise<string | null> {
  const { gitDir } = repo;
  if (!(await isContained(repo, base, head))) return null;
  const merges = await execGit(['rev-list', '--merges', '--parents', `${head}..${base}`], { gitDir });
  const line = merges.stdout.split('\n').find((one) => one.split(' ')[2] === head);
  return line?.split(' ')[0] ?? head;
}

export type MergedTrees = {
  clean: boolean;
  /** With a conflict its files have both sides between markers. */
  tree: string;
  paths: string[];
  said: string;
};

export async function mergeTrees(repo: Repository, ours: string, theirs: string): Promise<MergedTrees> {
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--messages', ours, theirs];
  const merged = await execGit(args, { gitDir: repo.gitDir, okExitCodes: [0, 1, 128] });
  if (merged.exitCode === 128) throw unmergeable(repo, merged.stderr);
  const fields = merged.stdout.split('\0');
  const end = fields.indexOf('');
  const [tree = '', ...paths] = fields.slice(0, end < 0 ? undefined : end);
  if (merged.exitCode === 0) return { clean: true, tree: tree.trim(), paths: [], said: '' };
  const said = fields.slice(end + 1).filter((one) => one.startsWith('CONFLICT') && one.includes('\n'));
  return { clean: false, tree: tree.trim(), paths: [...new Set(paths)], said: said.join('').trim() };
}

/** A state without what came between two commits: `undone` and its first parent, unless `from` names another. */
export async function composeUndo(
  repo: Repository,
  { onto, undone, from, identity, date }: { onto: string; undone: string; from: string | null } & Signed,
): Promise<MergedTrees> {
  const { gitDir } = repo;
  const before = from ?? (await gitLine(['rev-parse', '--verify', `${undone}^1`], { gitDir }));
  // Both as if they came from what is undone: so git takes that one for the common ancestor.
  const stand = async (commit: string) => {
    const request = { message: 'stand-in\n', identity, date, tree: await treeOf(repo, commit), parents: [undone] };
    return commitTree(gitDir, request);
  };
  return mergeTrees(repo, await stand(onto), await stand(before));
}

const hasMerges = async (repo: Repository, request: ComposeRequest): Promise<boolean> =>
  (await listOwn(repo, request, ['--merges', '--max-count=1'])).length > 0;

/** The commits of the branch that neither `onto` nor what it stands on has. */
async function listOwn(repo: Repository, request: ComposeRequest, options: readonly string[]): Promise<string[]> {
  const { onto, head, standsOn } = request;
  const args = ['rev-list', ...options, head, '--not', onto, ...(standsOn === undefined ? [] : [standsOn])];
  const { stdout } = await execGit(args, { gitDir: repo.gitDir });
  return stdout.split('\n').filter(Boolean);
}

/** Each commit of the branch again on top of `onto`, merges of the base left out. */
async function replay(repo: Repository, request: ComposeRequest): Promise<Composed> {
  const { gitDir } = repo;
  let tip = request.onto;
  for (const commit of await listOwn(repo, request, ['--reverse', '--topo-order', '--no-merges'])) {
    const parent = await gitLine(['rev-parse', '--verify', `${commit}^`], { gitDir });
    // As if it had the parent of the commit: so git takes that one for the common ancestor.
    const stand = await commitTree(gitDir, {
      ...request,
      message: 'stand-in\n',
      tree: await treeOf(repo, tip),
      parents: [parent],
    });
    const merged = await mergeTrees(repo, stand, commit);
    if (!merged.clean) return { outcome: 'conflict', paths: merged.paths, said: merged.said };
    if (merged.tree === (await treeOf(repo, tip))) continue; // the base has this change already
    const message = (await execGit(['log', '-1', '--format=%B', commit], { gitDir })).stdout;
    tip = await commitTree(gitDir, {
      ...request,
      message: `${message.trimEnd()}\n`,
      tree: merged.tree,
      parents: [tip],
    });
  }
  return { outcome: 'composed', commit: tip, tree: await treeOf(repo, tip) };
}

const unmergeable = (repo: Repository, said: string) =>
  /unrelated histories/.test(said)
    ? new SentraError(
        'base_moved',
        `The base branch of ${repo.path} was rewritten: it shares no commit with this work any more. Retry the task from PLAN, or put the work on the new base yourself ("git rebase --onto").`,
      )
    : new SentraError('git_failed', `git merge-tree failed in ${repo.path}: ${lastLines(said)}`);
