/** Sentra itself: its own rows are the pull request, so there is nobody to tell. A plain remote gets the branches. */
import type { Forge, ForgeProject } from '#src/forge/forge.ts';
import { advanceBase, tipOf } from '#src/git/merge.ts';
import { deleteRemoteBranch, pushBase } from '#src/git/push.ts';

export function createLocalForge(project: ForgeProject): Forge {
  const { remote } = project;
  return {
    kind: 'local',
    credential: async () => undefined,
    tip: (baseBranch) => tipOf(project, baseBranch),
    open: async () => null,
    update: async () => {},
    read: async () => null,
    review: async () => 'review',
    readLog: async () => '',
    isAhead: async () => true,
    mergesAlone: async () => false,
    async land({ baseBranch, from, to, what }) {
      const advanced = await advanceBase(project, { baseBranch, from, to, what });
      return advanced.outcome === 'moved' ? { outcome: 'landed', commit: to, checkout: advanced.checkout } : advanced;
    },
    async publish({ baseBranch, to }) {
      const pushed = remote ? await pushBase(project, { branchName: baseBranch, commit: to, remote }) : null;
      return pushed?.outcome === 'refused'
        ? `Merged here, but ${remote} refused the push of ${baseBranch}: ${pushed.message}`
        : null;
    },
    close: async () => {},
    async deleteBranch(branchName, commit) {
      const gone = remote ? await deleteRemoteBranch(project, { branchName, commit, remote }) : null;
      return gone?.outcome === 'refused' ? gone.message : null;
    },
  };
}
