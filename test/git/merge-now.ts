import { type ComposeRequest, composeMerge } from '#src/git/compose-merge.ts';
import { type Advanced, advanceBase, tipOf } from '#src/git/merge.ts';
import type { Repository } from '#src/git/repository.ts';

export type MergeNow = { baseBranch: string } & Omit<ComposeRequest, 'onto'>;
export type MergedNow =
  | { outcome: 'merged'; commit: string; checkout: string }
  | { outcome: 'conflict'; paths: string[] }
  | Exclude<Advanced, { outcome: 'moved' | 'base_moved' }>;

/** Composed on the base as it is and the base moved there; again when it moved meanwhile. */
export async function mergeNow(repo: Repository, request: MergeNow): Promise<MergedNow> {
  for (;;) {
    const { baseBranch } = request;
    const from = await tipOf(repo, baseBranch);
    const composed = await composeMerge(repo, { ...request, onto: from });
    if (composed.outcome === 'conflict') return { outcome: 'conflict', paths: composed.paths };
    const moved = await advanceBase(repo, { baseBranch, from, to: composed.commit, what: 'merge' });
    if (moved.outcome === 'moved') return { outcome: 'merged', commit: composed.commit, checkout: moved.checkout };
    if (moved.outcome === 'checkout_in_the_way') return moved;
  }
}
