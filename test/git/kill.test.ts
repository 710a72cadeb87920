import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { emptyTrash, listOwnWorktrees } from '#src/git/leftovers.ts';
import { createRandom } from '../chaos/random.ts';
import { killAfter, killCount, seed, timeWhole } from '../helpers/kills.ts';
import { git, makeRepository } from './repository-fixture.ts';
import { liveOnce, placeOf } from './worktree-life.ts';

const program = path.resolve(import.meta.dirname, '../fixtures/worktree-life.ts');
const kills = killCount(8);
const files = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`d${i % 20}/f${i}.txt`, `${i}\n`.repeat(99)]));

/** Programs that work in a folder: git that was not killed with the one that had started it. */
const processesIn = (folder: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const place = readlinkSync(`/proc/${pid}/cwd`);
      return place.startsWith(folder) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`GIT_DIR=${folder}`);
    } catch {
      return false; // not a process, or no more
    }
  });

test(
  `a process killed ${kills} times while worktrees are made, committed to and removed leaves nothing broken or lost (seed ${seed})`,
  async () => {
    const repo = makeRepository(files);
    const random = createRandom(seed);
    const namesOf = (round: number) => [`kept-${round}`, `gone-${round}`, `gone-again-${round}`];
    const wholeMs = await timeWhole({ program, argument: { repo, names: ['gone-0', 'gone-00', 'gone-000'] } });
    const seen: string[] = [];
    for (let round = 1; round <= kills; round++) {
      // Most of the time is Node's own start, in which nothing can break.
      const ms = wholeMs * (0.25 + 0.85 * random.next());
      const { lines } = await killAfter({ program, argument: { repo, names: namesOf(round) } }, ms);
      seen.push(...lines);
      // The next life of the same tasks, while a git of the last one may still be at work.
      await Promise.all(namesOf(round).map((name) => liveOnce(repo, name, (line) => seen.push(line))));
      const kept = placeOf(repo, `kept-${round}`);
      expect(git(kept.path, 'status', '--porcelain'), `round ${round}`).toBe('');
      expect(git(kept.path, 'branch', '--show-current')).toBe(kept.branchName);
    }
    expect(git(repo.path, 'fsck', '--no-dangling', '--no-progress')).toBe('');
    const branches = git(repo.path, 'for-each-ref', '--format=%(refname:lstrip=2) %(objectname)', 'refs/heads').split(
      '\n',
    );
    const kept = new Set(seen.filter((line) => line.startsWith('feature/kept')));
    expect(branches.toSorted()).toEqual([...kept, `main ${repo.base}`].toSorted());
    expect(kept.size).toBe(kills);
    expect(await listOwnWorktrees(repo)).toHaveLength(kills);
    await expect.poll(() => processesIn(repo.path), { timeout: 10_000 }).toEqual([]);
    await emptyTrash(path.dirname(placeOf(repo, 'any').path));
    expect(leftIn(repo.gitDir)).toEqual([]);
    const worktrees = readdirSync(path.dirname(placeOf(repo, 'any').path)).filter((name) => !name.endsWith('.leaving'));
    expect(worktrees.filter((name) => name !== '.trash')).toHaveLength(kills);
  },
  kills * 20_000,
);

/** Locks and half-made things. What waits for the lock when it is killed is swept by the next process. */
function leftIn(gitDir: string): string[] {
  const names = readdirSync(gitDir, { recursive: true, encoding: 'utf8' });
  return names.filter(
    (name) => /\.lock$|\.lock\/|sentra\.drafts|index\.[0-9a-f-]{36}/.test(name) && existsSync(path.join(gitDir, name)),
  );
}
