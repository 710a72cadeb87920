import { z } from 'zod';
import { phaseNames } from '#src/domain/phase.ts';

/** What review decides. `path` and `line` of a comment point into the new version of a file. */
export const Verdict = z.object({
  verdict: z.enum(['approve', 'changes_requested']),
  summary: z.string().default(''),
  comments: z
    .array(
      z.object({
        path: z.string().optional(),
        line: z.number().int().positive().optional(),
        body: z.string(),
      }),
    )
    .default([]),
});
export type Verdict = z.infer<typeof Verdict>;

/**
 * What proves a phase. plan: the plan's text. diff: what a commit changed. tests: a command that Sentra ran.
 * verdict: a review's answer. none: there was nothing to prove it with, said plainly.
 */
export const Evidence = z
  .object({
    id: z.number().int(),
    taskId: z.string(),
    adwId: z.string(),
    phase: z.enum(phaseNames),
    attempt: z.number().int(),
    kind: z.enum(['plan', 'diff', 'tests', 'verdict', 'none']),
    passed: z.boolean(),
    exitCode: z.number().int().nullable(),
    summary: z.string(),
    /** tests: {command, durationMs, output}; diff: {commit, files}; verdict: a Verdict; plan: {plan}. */
    data: z.record(z.string(), z.unknown()),
    createdAt: z.string(),
  })
  .meta({ id: 'Evidence' });
export type Evidence = z.infer<typeof Evidence>;
