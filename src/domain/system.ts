import { z } from 'zod';

/** Why nothing new starts: what is short, where, and the way out. */
export const Shortage = z
  .object({ code: z.enum(['disk_low', 'inodes_low', 'memory_low']), place: z.string(), message: z.string() })
  .meta({ id: 'Shortage' });
export type Shortage = z.infer<typeof Shortage>;

/** The host and this server, for people and for `sentra status`. Bytes, fractions of 1, counts. */
export const System = z
  .object({
    version: z.string(),
    home: z.string(),
    startedAt: z.string(),
    /** `reason`: why there are this many. */
    slots: z.object({ total: z.number().int(), inUse: z.number().int(), reason: z.string() }),
    /** Empty while new runs may begin; those at work go on in any case. */
    shortages: z.array(Shortage),
    cpus: z.number().int(),
    load: z.number(),
    /** Of this host, or of its container where that may use less. */
    memory: z.object({ total: z.number(), free: z.number() }),
    disk: z.object({ total: z.number(), free: z.number() }),
    database: z.object({ kind: z.enum(['embedded', 'external']), reachable: z.boolean(), place: z.string() }),
    /** `network`: whether rooms reach listed hosts, or every host of the internet; `limits`: what keeps theirs. */
    isolation: z.object({
      available: z.boolean(),
      reason: z.string().nullable(),
      network: z.enum(['listed', 'open']),
      limits: z.string().nullable(),
    }),
    agents: z.array(
      z.object({ name: z.string(), kind: z.string(), available: z.boolean(), reason: z.string().nullable() }),
    ),
  })
  .meta({ id: 'System' });
export type System = z.infer<typeof System>;

/** A worktree on this host and why it exists. */
export const WorktreeInfo = z
  .object({
    /** Null, and no branch, for one that is prepared ahead. */
    taskId: z.string().nullable(),
    path: z.string(),
    branchName: z.string().nullable(),
    state: z.enum(['creating', 'ready', 'removing', 'removed', 'failed']),
    reason: z.string(),
    /** What removing it would give back. */
    bytes: z.number().nullable(),
    /** Names of files that other worktrees or the caches have too. */
    sharedBytes: z.number().nullable(),
    dirty: z.boolean(),
    unmerged: z.boolean(),
  })
  .meta({ id: 'Worktree' });
export type WorktreeInfo = z.infer<typeof WorktreeInfo>;
