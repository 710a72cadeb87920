/** What Sentra left behind and how it is cleaned up; work that was saved on the way. */
import { z } from 'zod';

/** Something that nobody needs any more. Only what Sentra made is ever one. */
export const Finding = z
  .object({
    kind: z.enum([
      'worktree',
      'half_made',
      'missing_folder',
      'admin_entry',
      'trash',
      'ports',
      'database',
      'home',
      'cache',
      'pool',
      'branch',
      'processes',
      'saved',
      'logs',
    ]),
    taskId: z.string().nullable(),
    /** The folder or file; for a branch, a database, ports and processes, their name. */
    path: z.string(),
    reason: z.string(),
    /** On disk; null where that means nothing or was too much to count. */
    bytes: z.number().nullable(),
    /** `save_and_remove`: work that is not merged is saved first. `heal`: the record is put right. */
    action: z.enum(['save_and_remove', 'remove', 'forget', 'release', 'heal', 'end']),
    /** Whether the action was taken; never in a dry run. */
    done: z.boolean(),
    /** Why it could not be taken. */
    problem: z.string().nullable(),
  })
  .meta({ id: 'Finding' });
export type Finding = z.infer<typeof Finding>;

/** A patch in `$SENTRA_HOME/saved/<task-id>`. */
export const SavedWork = z
  .object({ taskId: z.string(), path: z.string(), at: z.string(), bytes: z.number() })
  .meta({ id: 'SavedWork' });
export type SavedWork = z.infer<typeof SavedWork>;
