import { z } from 'zod';
import { DevServer } from '#src/domain/dev-server.ts';
import { AdwId, ProjectId, TaskId } from '#src/domain/ids.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { WorkflowType } from '#src/domain/workflow.ts';

export const TaskType = z.enum(['chore', 'bug', 'feature']);
export type TaskType = z.infer<typeof TaskType>;
export const Priority = z.enum(['low', 'medium', 'high']);
export type Priority = z.infer<typeof Priority>;
export const MergePolicy = z.enum(['manual', 'auto']);
export type MergePolicy = z.infer<typeof MergePolicy>;

/**
 * blocked: a dependency is not completed. pending: ready, not started. in_review: its pull request is open.
 * completed: merged, or ended without changes by decision.
 */
export const TaskStatus = z.enum([
  'blocked',
  'pending',
  'queued',
  'running',
  'in_review',
  'completed',
  'failed',
  'cancelled',
  'skipped',
]);
export type TaskStatus = z.infer<typeof TaskStatus>;

export const isolationKinds = ['shared', 'private', 'none'] as const;
export type Isolation = (typeof isolationKinds)[number];

/** What a person asked for, with all that is known of it. Money in US dollars, null where no price is known. */
export const Task = z
  .object({
    id: TaskId,
    projectId: ProjectId,
    title: z.string(),
    description: z.string(),
    type: TaskType,
    priority: Priority,
    status: TaskStatus,
    phase: z.enum(phaseNames).nullable(),
    dependencies: z.array(TaskId),
    assignedTo: z.string().nullable(),
    workflowType: WorkflowType,
    agent: z.string().nullable(),
    /** What its agents work with, over what the project says of them; null where that decides. */
    model: z.string().nullable(),
    effort: z.string().nullable(),
    autoStart: z.boolean(),
    merge: MergePolicy.nullable(),
    noChangesExpected: z.boolean(),
    /** The merged task whose work this one takes out again. */
    reverts: TaskId.nullable(),
    needsDevServer: z.boolean(),
    labels: z.array(z.string()),
    branchName: z.string().nullable(),
    worktreePath: z.string().nullable(),
    ports: z.record(z.string(), z.number().int()),
    devServers: z.array(DevServer),
    isolation: z.enum(isolationKinds).nullable(),
    adwId: AdwId.nullable(),
    /** Tasks whose branches change the same lines. */
    conflictsWith: z.array(z.string()),
    pullRequest: z
      .object({ number: z.number().int(), url: z.string(), state: z.enum(['open', 'merged', 'closed']) })
      .nullable(),
    phases: z.array(
      z.object({
        phase: z.enum(phaseNames),
        state: z.enum(['pending', 'running', 'passed', 'failed', 'skipped']),
        attempt: z.number().int(),
      }),
    ),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    notice: z.string().nullable(),
    /** What it waits for in the middle of a run, its slot given back, and when it goes on by itself (ISO 8601); null where a person must do something. */
    waitsFor: z.object({ code: z.string(), message: z.string(), until: z.string().nullable() }).nullable(),
    costUsd: z.number().nullable(),
    /** Of what has a price: where `costUsd` is null it is at least this. */
    knownCostUsd: z.number(),
    tokens: z.number().int(),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    completedAt: z.string().nullable(),
  })
  .meta({ id: 'Task' });
export type Task = z.infer<typeof Task>;

const Title = z.string().trim().min(1, 'a title needs at least one character').max(300);
const AgentModel = z.string().trim().min(1, 'a model has a name; null leaves it to the agent').max(200);
/** In the agent's own words. */
const AgentEffort = z.string().trim().min(1, 'an effort is a word; null leaves it to the agent').max(50);
const Description = z.string().max(100_000);

/** What it takes to ask for a task; a title is enough. */
export const NewTask = z.strictObject({
  projectId: ProjectId,
  title: Title,
  description: Description.default(''),
  type: TaskType.default('feature'),
  priority: Priority.default('medium'),
  dependencies: z.array(TaskId).max(500).default([]),
  workflowType: WorkflowType.default('full_sdlc'),
  agent: z.string().max(100).nullish(),
  model: AgentModel.nullish(),
  effort: AgentEffort.nullish(),
  assignedTo: z.string().max(200).nullish(),
  autoStart: z.boolean().default(false),
  merge: MergePolicy.nullish(),
  noChangesExpected: z.boolean().default(false),
  needsDevServer: z.boolean().default(false),
  labels: z.array(z.string().max(60)).max(30).default([]),
});
export type NewTask = z.infer<typeof NewTask>;
export type NewTaskInput = z.input<typeof NewTask>;

/** Fields of a task that a request may set, each optional. */
export const TaskFields = z
  .strictObject({
    title: Title,
    description: Description,
    type: TaskType,
    priority: Priority,
    dependencies: z.array(TaskId).max(500),
    workflowType: WorkflowType,
    agent: z.string().max(100).nullable(),
    model: AgentModel.nullable(),
    effort: AgentEffort.nullable(),
    assignedTo: z.string().max(200).nullable(),
    autoStart: z.boolean(),
    merge: MergePolicy.nullable(),
    noChangesExpected: z.boolean(),
    needsDevServer: z.boolean(),
    labels: z.array(z.string().max(60)).max(30),
  })
  .partial();
export type TaskFields = z.infer<typeof TaskFields>;

/** What may be changed of a task that exists. Dependencies are replaced as a whole, or single ones come and go. */
export const TaskPatch = TaskFields.extend({
  addDependencies: z.array(TaskId).max(500).optional(),
  removeDependencies: z.array(TaskId).max(500).optional(),
});
export type TaskPatch = z.infer<typeof TaskPatch>;

/** A request for a task: like `NewTask`, but a template may give what it leaves out, the title too. */
export const TaskRequest = TaskFields.extend({
  projectId: ProjectId,
  agent: NewTask.shape.agent,
  model: NewTask.shape.model,
  effort: NewTask.shape.effort,
  assignedTo: NewTask.shape.assignedTo,
  merge: NewTask.shape.merge,
  template: z.string().max(100).nullish(),
}).refine((task) => task.title !== undefined || task.template, {
  path: ['title'],
  message: 'a task needs a title, or a template that has one',
});
export type TaskRequest = z.infer<typeof TaskRequest>;

/** One task of a batch: `key` is a name for use in other tasks' `dependencies`, where ids are allowed too. */
export const BatchTask = NewTask.omit({ projectId: true, dependencies: true }).extend({
  key: z.string().min(1).max(100),
  dependencies: z.array(z.string()).max(500).default([]),
});
export type BatchTask = z.infer<typeof BatchTask>;
