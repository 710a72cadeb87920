import { z } from 'zod';
import { ProposalAnswer } from '#src/domain/analysis.ts';
import { Verdict } from '#src/domain/evidence.ts';

const count = z.number().int().nonnegative();

/** What an agent may answer at the end of a session: `$SENTRA_RESULT` of a command, or structured output. All optional. */
export const AgentAnswer = z.looseObject({
  summary: z.string().optional(),
  plan: z.string().optional(),
  /** PLAN: true asks TEST to start a session that writes missing tests. */
  writeTests: z.boolean().optional(),
  verdict: Verdict.shape.verdict.optional(),
  comments: Verdict.shape.comments.optional(),
  security: Verdict.shape.security,
  performance: Verdict.shape.performance,
  usage: z
    .looseObject({ inputTokens: count, outputTokens: count, cacheReadTokens: count, cacheWriteTokens: count })
    .partial()
    .optional(),
  costUsd: z.number().nonnegative().max(1_000_000).optional(),
  /** Whose tokens these are: a model of the price table, where the agent tells no money itself. */
  model: z.string().max(200).optional(),
  /** The model let nobody in: nothing was done, and nothing will be before `until`. The attempt does not count. */
  rateLimit: z.looseObject({ until: z.iso.datetime({ offset: true }), message: z.string().optional() }).optional(),
});
export type AgentAnswer = z.infer<typeof AgentAnswer>;

/** What a PLAN session is asked for, as drivers with structured output pass it on. */
export const PlanAnswer = z.object({
  summary: z.string().describe('One sentence: what will be built.'),
  plan: z.string().describe('The plan in Markdown: files to change, steps, tests.'),
  writeTests: z
    .boolean()
    .describe('True when a separate session should write tests after the code; false when the code step brings them.'),
});
export const ReviewAnswer = Verdict;

/** JSON Schema of what a session in this role is asked to answer; undefined where its words are enough. */
export const answerSchemaOf = (role: string): Record<string, unknown> | undefined => {
  if (role === 'ANALYZE') return z.toJSONSchema(ProposalAnswer, { io: 'input' });
  if (role === 'PLAN') return z.toJSONSchema(PlanAnswer, { io: 'input' });
  if (role === 'REVIEW') return z.toJSONSchema(ReviewAnswer, { io: 'input' });
  return undefined;
};
