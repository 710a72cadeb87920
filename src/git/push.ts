import { execGit, type GitOptions, lastLines } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

export type PushOutcome =
  | { outcome: 'pushed' }
  | { outcome: 'up_to_date' }
  /** For people: what the remote said, and the way out. */
  | { outcome: 'refused'; message: string };

type Push = { branchName: string; commit: string; remote: string; signal?: AbortSignal };

/**
 * Puts a task's branch on the remote. Overwrites only what this repository has seen there (our own earlier commits), and only if it is still
 * that; commits that someone else pushed to the branch are never lost.
 */
export async function pushBranch(repo: Repository, push: Push): Promise<PushOutcome> {
  const there = await remoteHead(repo, push);
  if (typeof there !== 'string') return there;
  if (there === push.commit) return { outcome: 'up_to_date' };
  if (there && !(await isKnown(repo, there)))
    return {
      outcome: 'refused',
      message: `Branch ${push.branchName} on ${push.remote} has commits that are not Sentra's (${there.slice(0, 10)}). Move them to another branch or delete the branch there, then retry.`,
    };
  return send(repo, push, [`--force-with-lease=refs/heads/${push.branchName}:${there}`]);
}

/** Puts the base branch on the remote, never by force. A remote that is further along already has it. */
export async function pushBase(repo: Repository, push: Push): Promise<PushOutcome> {
  const there = await remoteHead(repo, push);
  if (typeof there !== 'string') return there;
  return there && (await contains(repo, there, push.commit)) ? { outcome: 'up_to_date' } : send(repo, push, []);
}

/** The commit that the branch has on the remote; empty when there is no such branch. */
async function remoteHead(repo: Repository, push: Push): Promise<string | PushOutcome> {
  const args = ['ls-remote', '--upload-pack=git-upload-pack', '--', push.remote, `refs/heads/${push.branchName}`];
  const listed = await execGit(args, asUser(repo, push));
  return listed.exitCode === 0 ? (listed.stdout.split('\t')[0] ?? '').trim() : refused(push, listed.stderr);
}

async function send(repo: Repository, push: Push, lease: string[]): Promise<PushOutcome> {
  // The program on the other side is named here because the repository's configuration could name another.
  const args = ['push', '--porcelain', '--no-verify', '--receive-pack=git-receive-pack', ...lease];
  const sent = await execGit(
    [...args, '--', push.remote, `${push.commit}:refs/heads/${push.branchName}`],
    asUser(repo, push),
  );
  if (sent.exitCode === 0) return { outcome: 'pushed' };
  const reason = sent.stdout.split('\n').find((line) => line.startsWith('!'));
  return refused(push, `${sent.stderr}\n${reason?.split('\t').at(-1) ?? ''}`);
}

const isKnown = async (repo: Repository, commit: string) =>
  (await execGit(['cat-file', '-e', commit], { gitDir: repo.gitDir, okExitCodes: 'any' })).exitCode === 0;

const contains = async (repo: Repository, descendant: string, commit: string) => {
  const args = ['merge-base', '--is-ancestor', commit, descendant];
  return (await execGit(args, { gitDir: repo.gitDir, okExitCodes: 'any' })).exitCode === 0;
};

const asUser = (repo: Repository, { signal }: Push): GitOptions => ({
  gitDir: repo.gitDir,
  cwd: repo.path, // a remote may be a relative path
  asUser: true,
  okExitCodes: 'any',
  ...(signal ? { signal } : {}),
});

function refused({ branchName, remote }: Push, said: string): PushOutcome {
  const text = lastLines(
    said.replace(/^(remote:\s*|To .*|error: failed to push.*|hint:.*)$/gm, '').replace(/\n{2,}/g, '\n'),
  );
  return {
    outcome: 'refused',
    message: `${remote} did not take branch ${branchName}: ${text || 'no answer'}. ${wayOut(said)}`,
  };
}

function wayOut(said: string): string {
  if (/pre-receive|update hook|hook declined|protected branch/i.test(said))
    return 'A rule of the remote refuses it: change the rule or the commits, then retry.';
  if (/non-fast-forward|fetch first|stale info/i.test(said)) return 'The remote has moved: fetch it, then retry.';
  if (/Authentication|Permission denied|could not read Username|publickey|403|401/i.test(said))
    return 'Check that "git push" works in a terminal of the user who runs Sentra, without asking for a password.';
  return 'Check that the remote is reachable ("git ls-remote"), then retry.';
}
