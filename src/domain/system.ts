import { z } from 'zod';

/** The host and this server, for people and for `sentra status`. Bytes, fractions of 1, counts. */
export const System = z
  .object({
    version: z.string(),
    home: z.string(),
    startedAt: z.string(),
    slots: z.object({ total: z.number().int(), inUse: z.number().int() }),
    cpus: z.number().int(),
    load: z.number(),
    memory: z.object({ total: z.number(), free: z.number() }),
    disk: z.object({ total: z.number(), free: z.number() }),
    database: z.object({ kind: z.enum(['embedded', 'external']), reachable: z.boolean(), place: z.string() }),
    isolation: z.object({ available: z.boolean(), reason: z.string().nullable() }),
    agents: z.array(
      z.object({ name: z.string(), kind: z.string(), available: z.boolean(), reason: z.string().nullable() }),
    ),
  })
  .meta({ id: 'System' });
export type System = z.infer<typeof System>;

/** A worktree on this host and why it exists. */
export const WorktreeInfo = z
  .object({
    taskId: z.string(),
    path: z.string(),
    branchName: z.string(),
    state: z.enum(['creating', 'ready', 'removing', 'removed', 'failed']),
    reason: z.string(),
    bytes: z.number().nullable(),
    dirty: z.boolean(),
    unmerged: z.boolean(),
  })
  .meta({ id: 'Worktree' });
export type WorktreeInfo = z.infer<typeof WorktreeInfo>;
