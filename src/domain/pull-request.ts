import { z } from 'zod';
import { ForgeView } from '#src/domain/forge.ts';
import { MergeEntry } from '#src/domain/merge-queue.ts';

export const PullRequestState = z.enum(['open', 'merged', 'closed']);

export const ReviewComment = z.object({
  id: z.number().int(),
  path: z.string().nullable(),
  line: z.number().int().nullable(),
  body: z.string(),
  author: z.string(),
  createdAt: z.string(),
});
export type ReviewComment = z.infer<typeof ReviewComment>;

export const PullRequest = z
  .object({
    number: z.number().int(),
    taskId: z.string(),
    url: z.string(),
    state: PullRequestState,
    title: z.string(),
    body: z.string(),
    headBranch: z.string(),
    baseBranch: z.string(),
    headCommit: z.string(),
    mergeCommit: z.string().nullable(),
    approvedAt: z.string().nullable(),
    /** Where people see it: Sentra, or a forge like GitHub. */
    forge: ForgeView,
    /** Its place in the merge queue; null when nobody asked for the merge. */
    queue: MergeEntry.pick({ state: true, message: true, requestedAt: true }).nullable(),
    comments: z.array(ReviewComment),
    createdAt: z.string(),
    mergedAt: z.string().nullable(),
    closedAt: z.string().nullable(),
  })
  .meta({ id: 'PullRequest' });
export type PullRequest = z.infer<typeof PullRequest>;

export const NewComment = z.strictObject({
  path: z.string().max(1000).optional(),
  line: z.number().int().positive().optional(),
  body: z.string().trim().min(1).max(20_000),
});
export type NewComment = z.infer<typeof NewComment>;

export const DiffFile = z.object({
  path: z.string(),
  /** Set for a rename or copy. */
  oldPath: z.string().optional(),
  status: z.enum(['added', 'modified', 'deleted', 'renamed', 'type_changed']),
  /** Lines; null for a binary file. */
  additions: z.number().int().nullable(),
  deletions: z.number().int().nullable(),
  /** Unified diff of this file, hunks only; empty for a binary file or one too large to show (`truncated`). */
  patch: z.string(),
  truncated: z.boolean().default(false),
  /** What it changes beside code, in words: settings, hooks or instructions of agents, what a package manager runs. */
  steers: z.string().optional(),
});
export type DiffFile = z.infer<typeof DiffFile>;

export const Commit = z.object({
  hash: z.string(),
  subject: z.string(),
  phase: z.string().nullable(),
  date: z.string(),
});
export type Commit = z.infer<typeof Commit>;

/** What a task's branch changes against the commit where it left its base. `head` is null before there is a branch. */
export const Diff = z
  .object({
    base: z.string().nullable(),
    head: z.string().nullable(),
    commits: z.array(Commit),
    files: z.array(DiffFile),
    conflicts: z.array(z.object({ taskId: z.string(), paths: z.array(z.string()) })),
  })
  .meta({ id: 'Diff' });
export type Diff = z.infer<typeof Diff>;
