import { z } from 'zod';
import { ProjectId } from '#src/domain/ids.ts';

/** A registered git repository and its settings. `path` is the absolute path of its main checkout. */
export const Project = z
  .object({
    id: ProjectId,
    name: z.string(),
    path: z.string(),
    baseBranch: z.string(),
    /** Absolute path of the repository's common git directory. */
    gitDir: z.string(),
    remote: z.string().nullable(),
    paused: z.boolean(),
    /** What is wrong with the repository or its sentra.json right now, for people; null when all is well. */
    problem: z.string().nullable(),
    /** What its worktrees lack (submodules, files of LFS); only where one project is asked for. */
    limits: z.array(z.string()).optional(),
    /** What agents leave out of what it brings for them; only where one project is asked for. */
    notices: z.array(z.string()).optional(),
    /** Where its pull requests are opened, for people; only where one project is asked for. */
    forge: z.string().optional(),
    createdAt: z.string(),
    counts: z.record(z.string(), z.number().int()),
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof Project>;

export const NewProject = z.strictObject({
  path: z.string().min(1, 'the path of a repository is needed'),
  name: z.string().trim().min(1).max(100).optional(),
});
export const ProjectPatch = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    baseBranch: z.string().min(1).max(250),
    paused: z.boolean(),
  })
  .partial();
export type ProjectPatch = z.infer<typeof ProjectPatch>;
