import { z } from 'zod';

/** A process that executes runs. `lapsed`: it has not been heard of for longer than its lease, and its work is given away. */
export const Worker = z
  .object({
    id: z.string(),
    host: z.string(),
    pid: z.number().int(),
    state: z.enum(['alive', 'draining', 'lapsed', 'stopped']),
    slots: z.number().int(),
    running: z.number().int(),
    startedAt: z.string(),
    seenAt: z.string(),
  })
  .meta({ id: 'Worker' });
export type Worker = z.infer<typeof Worker>;

/** How long a worker may be silent; milliseconds. */
export type Lease = {
  /** How often it renews. */
  renewMs: number;
  /** So long after its last success it ends its agents. */
  endAgentsMs: number;
  /** So long after its last success, by the database's clock, others take its work. Well above `endAgentsMs`. */
  lapseMs: number;
};

export const defaultLease: Lease = { renewMs: 10_000, endAgentsMs: 20_000, lapseMs: 30_000 };
