import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitWorktree } from '#src/git/commit.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';

const identity = { name: 'Ada', email: 'ada@example.org' };
const date = '2026-01-02T03:04:05.678Z';

export const placeOf = (repo: Repository, name: string) => ({
  path: join(repo.path, '.sentra', 'worktrees', name),
  branchName: `feature/${name}`,
});

/** As a task does it: each step is done again after a crash, which gives the same commit. One called `gone-…` is removed in the end. */
export async function liveOnce(repo: Repository & { base: string }, name: string, say: (line: string) => void) {
  const place = placeOf(repo, name);
  const isLeaving = existsSync(`${place.path}.leaving`);
  if (!isLeaving) {
    const { adminDir } = await createWorktree(repo, { ...place, base: repo.base });
    writeFileSync(join(place.path, 'made.txt'), name);
    const request = { ...place, worktreePath: place.path, adminDir, parent: repo.base, message: name, identity, date };
    await commitWorktree(repo, request);
    say(`${place.branchName} ${await resolveCommit(repo, `refs/heads/${place.branchName}`)}`);
  }
  if (!name.startsWith('gone')) return;
  writeFileSync(`${place.path}.leaving`, ''); // as the database remembers that it goes
  await (await removeWorktree(repo, { ...place, deleteBranch: true }))();
}
