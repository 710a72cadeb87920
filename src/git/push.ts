import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { SentraError } from '#src/errors.ts';
import type { GitCredential } from '#src/git/credentials.ts';
import { execGit, type GitOptions, lastLines } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';

export type PushOutcome =
  | { outcome: 'pushed' }
  | { outcome: 'up_to_date' }
  /** For people: what the remote said, and the way out. */
  | { outcome: 'refused'; message: string };

/** A remote as this program reaches it; without a credential as its user would. */
export type Remote = { remote: string; credential?: GitCredential; signal?: AbortSignal };
type Push = Remote & { branchName: string; commit: string };

/**
 * Puts a task's branch on the remote. Overwrites only commits that Sentra made, by their trailers, and only if the branch is still there;
 * what someone else pushed to it is never lost, fetched here or not. `over`: a commit there that a person gave up, and that is kept elsewhere.
 */
export async function pushBranch(repo: Repository, push: Push & { over?: string | undefined }): Promise<PushOutcome> {
  const there = await remoteHead(repo, push);
  if (typeof there !== 'string') return there;
  if (there === push.commit) return { outcome: 'up_to_date' };
  if (there && there !== push.over && !(await isOurs(repo, there, push.commit)))
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

export type MoveOutcome =
  | { outcome: 'moved' }
  /** It is elsewhere by now, or gone. */
  | { outcome: 'base_moved' }
  | { outcome: 'refused'; message: string };

/** Moves a branch of the remote from one commit to a later one, by compare-and-swap. Doing it again is fine. */
export async function moveRemoteBranch(repo: Repository, push: Push & { from: string }): Promise<MoveOutcome> {
  const { branchName, commit, from } = push;
  for (let tries = 1; ; tries++) {
    const there = await remoteHead(repo, push);
    if (typeof there !== 'string') return { outcome: 'refused', message: messageOf(there) };
    if (there === commit || (there !== from && there && (await contains(repo, there, commit))))
      return { outcome: 'moved' };
    if (there !== from || !(await contains(repo, commit, from))) return { outcome: 'base_moved' };
    const sent = await send(repo, push, [`--force-with-lease=refs/heads/${branchName}:${from}`]);
    if (sent.outcome !== 'refused') return { outcome: 'moved' };
    if (tries > 1) return { outcome: 'refused', message: sent.message }; // looked at once more: it may have moved, or been taken
  }
}

/** Takes a branch off the remote if it is still on that commit: what somebody added stays. */
export async function deleteRemoteBranch(repo: Repository, push: Push): Promise<PushOutcome> {
  const there = await remoteHead(repo, push);
  if (typeof there !== 'string') return there;
  if (there !== push.commit) return { outcome: 'up_to_date' };
  return send(repo, { ...push, commit: '' }, [`--force-with-lease=refs/heads/${push.branchName}:${there}`]);
}

/** Fetches a branch to where a person's git keeps it. The commit; null when it is not there. Throws `git_failed` without an answer. */
export async function fetchBranch(
  repo: Repository,
  { branchName, ...remote }: Remote & { branchName: string },
): Promise<string | null> {
  if (await isInside(repo, remote.remote)) throw new SentraError('git_failed', ownRemote(remote.remote));
  const kept = `refs/remotes/${remote.remote}/${branchName}`;
  const args = ['fetch', '-q', '--no-tags', '--no-write-fetch-head', '--upload-pack=git-upload-pack', '--'];
  const fetched = await execGit([...args, remote.remote, `+refs/heads/${branchName}:${kept}`], asUser(repo, remote));
  if (fetched.exitCode === 0) return resolveCommit(repo, kept);
  if (/couldn't find remote ref/.test(fetched.stderr)) return null;
  throw new SentraError(
    'git_failed',
    `${branchName} could not be fetched from ${remote.remote}: ${lastLines(fetched.stderr)}`,
  );
}

const messageOf = (outcome: PushOutcome) => ('message' in outcome ? outcome.message : '');

/** The commit that the branch has on the remote; empty when there is no such branch. */
async function remoteHead(repo: Repository, push: Push): Promise<string | PushOutcome> {
  if (await isInside(repo, push.remote)) return { outcome: 'refused', message: ownRemote(push.remote) };
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

/** Whether all that a branch would lose is Sentra's: what this repository does not even have is not. */
async function isOurs(repo: Repository, there: string, commit: string): Promise<boolean> {
  const format = '--format=%H %(trailers:key=Task-ID,valueonly,separator=%x2C)';
  const lost = await execGit(['log', format, there, '--not', commit, '--'], {
    gitDir: repo.gitDir,
    okExitCodes: 'any',
  });
  const lines = lost.stdout.split('\n').filter(Boolean);
  return lost.exitCode === 0 && lines.every((line) => /^\w+ ./.test(line));
}

const contains = async (repo: Repository, descendant: string, commit: string) => {
  const args = ['merge-base', '--is-ancestor', commit, descendant];
  return (await execGit(args, { gitDir: repo.gitDir, okExitCodes: 'any' })).exitCode === 0;
};

const asUser = (repo: Repository, { signal, credential }: Remote): GitOptions => ({
  gitDir: repo.gitDir,
  cwd: repo.path, // a remote may be a relative path
  asUser: true,
  okExitCodes: 'any',
  ...(credential ? { credential } : {}),
  ...(signal ? { signal } : {}),
});

/** A remote in the repository's own folders has hooks that came with it, and they would run as us. */
async function isInside(repo: Repository, remote: string): Promise<boolean> {
  const urlsFor = (args: string[]) =>
    execGit(['remote', 'get-url', '--all', ...args, '--', remote], { gitDir: repo.gitDir, okExitCodes: 'any' });
  const urls = (await Promise.all([urlsFor([]), urlsFor(['--push'])])).flatMap(({ stdout }) => stdout.split('\n'));
  const own = await Promise.all([repo.path, repo.gitDir].map((folder) => realpath(folder).catch(() => folder)));
  for (const url of new Set(urls.map((one) => one.replace(/^file:\/\//i, '')))) {
    const place = url && !url.includes('://') && (await realpath(resolve(repo.path, url)).catch(() => ''));
    if (place && own.some((folder) => place === folder || place.startsWith(folder + sep))) return true;
  }
  return false;
}

const ownRemote = (remote: string) =>
  `${remote} lies inside of the repository itself, and its hooks would run here. Move it elsewhere, and say so with "git remote set-url".`;

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
