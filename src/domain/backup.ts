/** A backup: one archive with the rows of the database at one moment, the files of the home that they name, and the branches of tasks. */
import { z } from 'zod';

/** Name of a table or sequence with its schema, as `sentra.tasks`. */
const Name = z.string().regex(/^[a-z_]+\.[a-z0-9_]+$/);

export const Dump = z.object({
  /** What had been done to the schema, oldest first; rows go only into the same one. */
  migrations: z.array(z.string()),
  tables: z.array(z.object({ name: Name, columns: z.array(z.string()), rows: z.number().int() })),
  sequences: z.array(z.object({ name: Name, last: z.string().regex(/^-?\d+$/), isCalled: z.boolean() })),
});
export type Dump = z.infer<typeof Dump>;

export const SavedRepository = z.object({
  projectId: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string(),
  path: z.string(),
  gitDir: z.string(),
  baseBranch: z.string(),
  /** Its address without user and password; null where it has none, or is only a folder's. */
  remote: z.object({ name: z.string(), url: z.string() }).nullable(),
  /** Those of tasks. */
  branches: z.array(z.object({ name: z.string(), taskId: z.string() })),
  /** Whether those, and the base, are in the archive. */
  isBundled: z.boolean(),
});
export type SavedRepository = z.infer<typeof SavedRepository>;

export const BackupManifest = z.object({
  format: z.literal(1),
  /** Of the Sentra that made it. */
  version: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  dump: Dump,
  repositories: z.array(SavedRepository),
});
export type BackupManifest = z.infer<typeof BackupManifest>;

export type BackupReport = {
  file: string;
  bytes: number;
  projects: number;
  tasks: number;
  /** What is not in it, each with why and what to do. */
  problems: string[];
};

export type RestoreReport = {
  /** When the backup was made, ISO 8601, and by which Sentra. */
  createdAt: string;
  version: string;
  projects: number;
  tasks: number;
  /** Runs that were under way: they end at the next start, and their tasks are to be retried. */
  interrupted: number;
  /** What was done to each repository. */
  repositories: { path: string; said: string }[];
  /** What could not be brought back, each with why and what to do. */
  problems: string[];
};
