/** What a project tells its agents: a system prompt for each role, with variables. The task itself is always told beside it. */
import { z } from 'zod';
import { phaseNames } from '#src/domain/phase.ts';
import { nearest } from '#src/domain/project-config.ts';

/** A phase, the work on a merge, which counts as CODE, or the analysis of a specification, which counts as PLAN. */
export const promptRoles = [...phaseNames, 'CONFLICT', 'ANALYZE'] as const;
export type PromptRole = (typeof promptRoles)[number];
export const PromptRole = z.preprocess((v) => (typeof v === 'string' ? v.toUpperCase() : v), z.enum(promptRoles));

/** What `{{name}}` stands for. */
export const promptVariables = {
  title: 'what the task is called',
  description: 'what the task asks for; may be empty',
  type: 'chore, bug or feature',
  plan: 'the plan as it stands; empty before there is one',
  branch: "the task's branch",
  base: 'the branch it will be merged into',
  phase: 'PLAN, CODE, TEST, REVIEW, CONFLICT or ANALYZE',
  attempt: 'which attempt of the phase it is, from 1',
  taskId: "the task's id",
} as const;
export type PromptVariable = keyof typeof promptVariables;

const names = Object.keys(promptVariables) as PromptVariable[];
const variable = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** What is wrong with a prompt, for people; undefined when it can be sent. */
export function promptProblem(text: string): string | undefined {
  if (text.trim() === '') return 'An empty prompt tells the agent nothing: reset it to go back to the default.';
  const unknown = [...text.matchAll(variable)].map((match) => match[1] ?? '').find((name) => !isVariable(name));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, names);
  return `There is no variable {{${unknown}}}${near ? `, did you mean {{${near}}}?` : '.'} Valid are ${names.map((name) => `{{${name}}}`).join(', ')}.`;
}

/** In one pass: what stands in a value is no variable. */
export const fillPrompt = (text: string, values: Record<PromptVariable, string>): string =>
  text.replace(variable, (whole, name: string) => (isVariable(name) ? values[name] : whole));

const isVariable = (name: string): name is PromptVariable => Object.hasOwn(promptVariables, name);

export const PromptVersion = z.object({
  version: z.number().int(),
  /** Null where it went back to the default. */
  text: z.string().nullable(),
  createdAt: z.string(),
});
export type PromptVersion = z.infer<typeof PromptVersion>;

export const Prompt = z
  .object({
    role: z.enum(promptRoles),
    /** What agents are told from now on. */
    text: z.string(),
    isDefault: z.boolean(),
    /** Of the text; null for the default that nobody has changed yet. */
    version: z.number().int().nullable(),
    defaultText: z.string(),
    variables: z.array(z.object({ name: z.string(), meaning: z.string() })),
    /** Newest first. */
    versions: z.array(PromptVersion),
  })
  .meta({ id: 'Prompt' });
export type Prompt = z.infer<typeof Prompt>;
