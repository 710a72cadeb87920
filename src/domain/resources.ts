/** What tasks cost this host, and what Sentra itself takes. Bytes, seconds, cores. */
import { z } from 'zod';

export const TaskResources = z
  .object({
    taskId: z.string(),
    projectId: z.string(),
    title: z.string(),
    status: z.string(),
    createdAt: z.string(),
    /** Null until it was measured. `shared`: names of files that others have too, counted once in the totals. */
    disk: z
      .object({ own: z.number(), shared: z.number(), worktree: z.number(), home: z.number(), database: z.number() })
      .nullable(),
    worktree: z.object({ path: z.string(), state: z.string() }).nullable(),
    ports: z.record(z.string(), z.number().int()),
    /** Of its processes at this moment; null where none is at work. */
    now: z.object({ processes: z.number().int(), memory: z.number(), cores: z.number() }).nullable(),
    /** Over all of its runs. */
    peakMemory: z.number(),
    cpuSeconds: z.number(),
  })
  .meta({ id: 'TaskResources' });
export type TaskResources = z.infer<typeof TaskResources>;

export const PlaceResources = z
  .object({
    kind: z.enum(['cache', 'pool', 'loose', 'trash', 'saved', 'homes', 'logs', 'database', 'rest']),
    name: z.string(),
    path: z.string(),
    bytes: z.number().nullable(),
    /** What a person can do about it. */
    advice: z.string(),
  })
  .meta({ id: 'PlaceResources' });
export type PlaceResources = z.infer<typeof PlaceResources>;

export const Resources = z
  .object({
    /** When the disk was last gone through; null before the first time. */
    measuredAt: z.string().nullable(),
    totals: z.object({
      /** Own of all tasks, what they share once, and the places. */
      disk: z.number().nullable(),
      tasksOwn: z.number().nullable(),
      tasksShared: z.number().nullable(),
      memory: z.number(),
      cores: z.number(),
      processes: z.number().int(),
      ports: z.number().int(),
    }),
    tasks: z.array(TaskResources),
    places: z.array(PlaceResources),
    /** Of the last minutes, oldest first: what tasks had, and what was free on the host. */
    history: z.array(
      z.object({ at: z.string(), memory: z.number(), cores: z.number(), freeMemory: z.number(), freeDisk: z.number() }),
    ),
  })
  .meta({ id: 'Resources' });
export type Resources = z.infer<typeof Resources>;
