/** What hooks report of an agent's life, and what they are told: the words of the local socket and of the page. */
import { z } from 'zod';
import { AdwId, TaskId } from '#src/domain/ids.ts';
import { phaseNames } from '#src/domain/phase.ts';

export const hookPoints = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'Notification',
  'PreCompact',
  'SubagentStop',
  'Stop',
  'SessionEnd',
] as const;
export type HookPoint = (typeof hookPoints)[number];

/** `none`: it only looked. `failed`: the hook itself did not work, and the reason says how. */
export const hookDecisions = ['none', 'allow', 'deny', 'stop', 'failed'] as const;
export type HookDecision = (typeof hookDecisions)[number];

/** Longer texts are cut: a hook must not fail because an agent wrote much. */
const cut = (length: number) => z.string().transform((text) => text.slice(0, length));

export const HookReport = z.strictObject({
  event: z.enum(hookPoints),
  /** Which hook tells it. */
  hook: cut(100),
  tool: cut(200).nullish(),
  callId: cut(200).nullish(),
  decision: z.enum(hookDecisions).default('none'),
  reason: cut(1000).nullish(),
  /** What the tool is given, in a line. */
  input: cut(500).nullish(),
});
export type HookReport = z.infer<typeof HookReport>;

/** `sdk`: a callback of the agent's driver. `file`: a hook of the repository. */
export const hookSources = ['sdk', 'file'] as const;
export type HookSource = (typeof hookSources)[number];

export const HookEvent = z
  .object({
    id: z.number().int(),
    taskId: TaskId,
    adwId: AdwId,
    phase: z.enum(phaseNames),
    sessionId: z.string(),
    source: z.enum(hookSources),
    event: z.enum(hookPoints),
    hook: z.string(),
    tool: z.string().nullable(),
    callId: z.string().nullable(),
    decision: z.enum(hookDecisions),
    reason: z.string().nullable(),
    input: z.string().nullable(),
    at: z.string(),
  })
  .meta({ id: 'HookEvent' });
export type HookEvent = z.infer<typeof HookEvent>;

const Neighbour = z.object({ id: z.string(), title: z.string(), status: z.string() });

/** What a hook may know of its task. */
export const HookState = z.object({
  taskId: z.string(),
  title: z.string(),
  description: z.string(),
  status: z.string(),
  phase: z.string(),
  attempt: z.number().int(),
  plan: z.string().nullable(),
  dependencies: z.array(Neighbour),
  /** Other tasks of the project that are at work, or wait for review; `paths` where their branches change the same files. */
  peers: z.array(Neighbour.extend({ paths: z.array(z.string()) })),
});
export type HookState = z.infer<typeof HookState>;

/** Whether an agent is to go on; else why not, for the agent. */
export const GoOn = z.object({
  goOn: z.boolean(),
  reason: z.string().nullable(),
  /** A person paused the project: nothing new starts, and what is at work goes on. */
  paused: z.boolean(),
  /** What people said and no agent has heard: it comes at the next turn, or in the next session. */
  messagesWaiting: z.number().int(),
});
export type GoOn = z.infer<typeof GoOn>;
