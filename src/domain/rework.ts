import { z } from 'zod';

/**
 * Why a task that was ready to merge goes back to an agent: its branch conflicts with the base, both are green and red
 * together, or the branch that it stands on has changed. The agent gets the merge with `base` in its worktree, conflicts between markers.
 */
export const Rework = z.object({
  kind: z.enum(['conflict', 'red', 'below']),
  /** The commit that is merged into the branch. */
  base: z.string(),
  /** Of a conflict. */
  paths: z.array(z.string()),
  /** Git's words about a conflict, or the end of the output of what was red. */
  said: z.string(),
  /** Whose work it collides with: what else came into the base meanwhile, or what it stands on. */
  others: z.array(z.object({ taskId: z.string(), title: z.string(), plan: z.string().nullable() })),
});
export type Rework = z.infer<typeof Rework>;

/** What a merged task brought to its base: everything from `from` to `commit`. */
export type Undo = { title: string; commit: string; from: string | null };
