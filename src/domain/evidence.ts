import { z } from 'zod';
import { phaseNames } from '#src/domain/phase.ts';
import { PlanParts } from '#src/domain/plan.ts';

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
        severity: z
          .enum(['blocking', 'major', 'minor', 'note'])
          .optional()
          .describe('blocking: no merge before it is mended'),
      }),
    )
    .default([]),
  security: z.string().optional().describe('What the change means for security; empty when nothing.'),
  performance: z.string().optional().describe('What the change means for performance; empty when nothing.'),
});
export type Verdict = z.infer<typeof Verdict>;

/** Why an approval does not count; undefined for one that does, and for what asks for changes. */
export function refusedApproval(
  { verdict, comments }: Verdict,
  tests: { passed: boolean; summary: string } | null,
): string | undefined {
  if (verdict !== 'approve') return undefined;
  const blocking = comments.filter(({ severity }) => severity === 'blocking');
  const [first] = blocking;
  if (first) {
    const more = blocking.length > 1 ? ` and ${blocking.length - 1} more` : '';
    return `Approved with a blocking comment ("${first.body.slice(0, 100)}"${more}), which counts as changes requested.`;
  }
  return tests && !tests.passed
    ? `Approved although the tests of this diff fail, which does not count: ${tests.summary}`
    : undefined;
}

/** `data` of evidence of the kind `plan`. */
export const PlanEvidence = z
  .looseObject({ plan: z.string().default(''), gaps: z.array(z.string()).default([]) })
  .extend(PlanParts.partial().shape);

/**
 * What proves a phase. plan: the plan's text. diff: what a commit changed. checks: a check of the project that Sentra ran. tests: its
 * test command, run by Sentra. verdict: a review's answer. merge: what the base would become, tested. none: there was nothing to prove it with, said plainly.
 */
export const Evidence = z
  .object({
    id: z.number().int(),
    taskId: z.string(),
    adwId: z.string(),
    phase: z.enum(phaseNames),
    attempt: z.number().int(),
    kind: z.enum(['plan', 'diff', 'checks', 'tests', 'verdict', 'merge', 'none']),
    passed: z.boolean(),
    exitCode: z.number().int().nullable(),
    summary: z.string(),
    /** tests: TestEvidence; checks: {name, command, durationMs, output}; diff: {commit, files}; verdict: a Verdict; plan: PlanEvidence. */
    data: z.record(z.string(), z.unknown()),
    createdAt: z.string(),
  })
  .meta({ id: 'Evidence' });
export type Evidence = z.infer<typeof Evidence>;
