/**
 * One at a time per repository, among this process and others: git itself loses races when worktrees are added, removed or
 * pruned and branches deleted at once. A lock that its owner left by dying is taken over after six seconds.
 */
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { SentraError } from '#src/errors.ts';

const tails = new Map<string, Promise<unknown>>();

export const withRepositoryLock = <T>(gitDir: string, act: () => Promise<T>): Promise<T> =>
  inTurn(gitDir, () => locked(gitDir, act));

/** One after the other for the same key, in this process only. Not to be called again for the key from within. */
export async function inTurn<T>(key: string, act: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve();
  const mine = before.then(act);
  const tail = mine.catch(() => {});
  tails.set(key, tail);
  try {
    return await mine;
  } finally {
    if (tails.get(key) === tail) tails.delete(key);
  }
}

async function locked<T>(gitDir: string, act: () => Promise<T>): Promise<T> {
  const release = await lockfile
    .lock(gitDir, {
      lockfilePath: join(gitDir, 'sentra.lock'),
      stale: 6_000,
      update: 1_000,
      retries: { retries: 250, minTimeout: 20, maxTimeout: 250 },
      onCompromised: () => {}, // this process stood still too long; git's own locks still hold
    })
    .catch((cause) => {
      if (cause.code === 'ENOENT')
        throw new SentraError('repository_missing', `The repository at ${gitDir} is not there any more.`, { cause });
      if (cause.code !== 'ELOCKED') throw cause;
      throw new SentraError('timed_out', `Another process keeps ${gitDir}/sentra.lock. End it, then try again.`, {
        cause,
      });
    });
  try {
    return await act();
  } finally {
    await release().catch(() => {}); // taken over by another process: nothing is left to release
  }
}
