/** Where pull requests live beside Sentra, and what such a place shows of one. */
import { z } from 'zod';

export const forgeKinds = ['local', 'github'] as const;

const GitHubSettings = z.strictObject({
  kind: z.literal('github'),
  /** Of GitHub Enterprise, as in https://github.example.com/api/v3; the default follows from the remote's address. */
  apiUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** owner/name; the default is the remote's. */
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'a repository is named like owner/name')
    .optional(),
  labels: z.array(z.string().min(1)).max(20).default([]),
  /** Logins, and teams as owner/team, who are asked to review. */
  reviewers: z.array(z.string().min(1)).max(15).default([]),
});

/** `auto`: GitHub where the remote is on github.com, else Sentra itself. */
export const ForgeSettings = z.union([
  z.literal('auto').transform((kind) => ({ kind })),
  z.literal('local').transform((kind) => ({ kind })),
  z.literal('github').transform((kind) => GitHubSettings.parse({ kind })),
  z.strictObject({ kind: z.literal('local') }),
  GitHubSettings,
]);
export type ForgeSettings = z.infer<typeof ForgeSettings>;

export const Check = z.object({
  name: z.string(),
  state: z.enum(['pending', 'passed', 'failed']),
  /** A rule of the base branch asks for it. */
  required: z.boolean(),
  url: z.string().nullable(),
});
export type Check = z.infer<typeof Check>;

/** Of a person. `trusted`: by who may write to the repository; words of others are shown, and nobody acts on them. */
export type Said = { id: string; author: string; body: string; path?: string; line?: number; trusted: boolean };

export type Verdict = 'approved' | 'changes_requested';

export type Review = Omit<Said, 'path' | 'line'> & {
  verdict: Verdict | 'commented';
  /** The commit that was looked at. */
  commit: string | null;
  comments: Said[];
};

/** A pull request as a forge shows it. */
export type SeenPull = {
  state: 'open' | 'merged' | 'closed';
  head: string;
  mergeCommit: string | null;
  /** Of the forge's rules and of git: `dirty` conflicts, `blocked` lacks what a rule asks for, `behind` must have the newest base. */
  mergeable: 'clean' | 'dirty' | 'blocked' | 'behind' | 'draft' | 'unknown';
  checks: (Check & {
    /** For its log; null where it is no job of the forge's own. */
    jobId: number | null;
    /** For what an app says of it. */
    runId: number | null;
    /** The one sentence of a plain status. */
    said: string | null;
  })[];
  /** Oldest first. */
  reviews: Review[];
  /** Outside of reviews. */
  comments: Said[];
  /** Login of who merged or closed it. */
  endedBy: string | null;
};

/** As a page shows it. */
export const ForgeView = z.object({
  kind: z.enum(forgeKinds),
  /** Its page there; null while it is not open there yet. */
  url: z.string().nullable(),
  checks: z.array(Check),
  /** The newest verdict of each person. */
  reviews: z.array(z.object({ author: z.string(), verdict: z.string() })),
  /** Why it does not go on there, and the way out. */
  problem: z.string().nullable(),
});
export type ForgeView = z.infer<typeof ForgeView>;

/** What must happen at the forge before a merge is worth trying; null when nothing is known to be in the way. */
function findObstacle(seen: SeenPull, headCommit: string): string | null {
  if (seen.head !== headCommit)
    return `the branch there is at ${seen.head.slice(0, 10)}, here at ${headCommit.slice(0, 10)}`;
  if (seen.mergeable === 'draft') return 'it is a draft there';
  const open = seen.checks.filter(({ required, state }) => required && state !== 'passed');
  if (open.length === 0) return null;
  return `required checks: ${open.map(({ name, state }) => `${name} ${state === 'failed' ? 'failed' : 'is pending'}`).join(', ')}`;
}

/** What CODE gets back: where rules ask for checks those, else all that failed. None while one of them is still at work. */
export function listFailed({ checks }: SeenPull): SeenPull['checks'] {
  const required = checks.filter((check) => check.required);
  const decisive = required.length > 0 ? required : checks;
  return decisive.some(({ state }) => state === 'pending') ? [] : decisive.filter(({ state }) => state === 'failed');
}

/** The newest verdict of each person who may give one: a later comment does not take an approval back. */
export function verdictsOf(reviews: readonly Review[]): Review[] {
  const newest = new Map<string, Review>();
  for (const review of reviews) if (review.trusted && review.verdict !== 'commented') newest.set(review.author, review);
  return [...newest.values()];
}

/** Why the merge queue leaves it where it is for now; null when nothing is known to be in the way. */
export function whyNotYet(pull: {
  forge: string;
  forgeNumber: number | null;
  headCommit: string;
  seen: SeenPull | null;
}): string | null {
  if (pull.forge === 'local') return null;
  if (pull.forgeNumber === null) return 'it is not open there yet';
  return pull.seen ? findObstacle(pull.seen, pull.headCommit) : null;
}
