/**
 * The tables of schema `sentra`; those of worktrees, what belongs to them and workers are in schema-host.ts. Facts are rows that are only ever added or closed; `tasks.status` is the one derived
 * column, written by store/change.ts alone. Columns named *_at are in the database's clock.
 */
import {
  type AnyPgColumn,
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  numeric,
  pgSchema,
  primaryKey,
  type SQL,
  sql,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from '#src/store/drizzle.ts';
import type { SeenPull } from '../domain/forge.ts';
import type { Rework } from '../domain/rework.ts';
import type { Template } from '../domain/template.ts';
import type { Failure } from '../errors.ts';

export const sentra = pgSchema('sentra');

export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });
export const number = (name: string) => bigint(name, { mode: 'number' });
/** US dollars, exact to the micro-dollar. */
export const dollars = (name: string) => numeric(name, { precision: 18, scale: 6, mode: 'number' });
export const createdAt = () => at('created_at').notNull().defaultNow();

export const projects = sentra.table('projects', {
  id: text().primaryKey(),
  name: text().notNull(),
  path: text().notNull().unique(),
  baseBranch: text('base_branch').notNull(),
  gitDir: text('git_dir').notNull(),
  remote: text(),
  paused: boolean().notNull().default(false),
  /** As sentra.json last said: a dependency in review is enough. */
  stacked: boolean().notNull().default(false),
  removedAt: at('removed_at'),
  createdAt: createdAt(),
});

/** High before medium before low. The index `tasks_in_line` is on the same expression. */
export const priorityRank = (column: AnyPgColumn | SQL) =>
  sql`(case ${column} when 'high' then 0 when 'medium' then 1 else 2 end)`;

export const tasks = sentra.table(
  'tasks',
  {
    id: text().primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    title: text().notNull(),
    description: text().notNull(),
    type: text().notNull(),
    priority: text().notNull(),
    workflowType: text('workflow_type').notNull(),
    agent: text(),
    /** What its agents work with, over what the project says of them. */
    model: text(),
    effort: text(),
    assignedTo: text('assigned_to'),
    autoStart: boolean('auto_start').notNull(),
    merge: text(),
    noChangesExpected: boolean('no_changes_expected').notNull(),
    /** The merged task whose work this one takes out again. */
    reverts: text().references((): AnyPgColumn => tasks.id),
    needsDevServer: boolean('needs_dev_server').notNull(),
    labels: text().array().notNull(),
    idempotencyKey: text('idempotency_key'),
    /** How many tasks wait for it, directly or not; written with the graph. */
    unblocks: integer().notNull().default(0),
    status: text().notNull(),
    notice: text(),
    plan: text(),
    skippedAt: at('skipped_at'),
    cancelledAt: at('cancelled_at'),
    endedWithoutChangesAt: at('ended_without_changes_at'),
    createdAt: createdAt(),
    startedAt: at('started_at'),
    completedAt: at('completed_at'),
  },
  (t) => [
    index('tasks_by_project').on(t.projectId, t.status),
    index('tasks_by_creation').on(t.createdAt, t.id),
    index('tasks_in_line')
      .on(t.projectId, priorityRank(t.priority), t.unblocks.desc(), t.createdAt, t.id)
      .where(sql`status = 'queued'`),
    uniqueIndex('tasks_idempotency').on(t.idempotencyKey),
  ],
);

export const taskDependencies = sentra.table(
  'task_dependencies',
  {
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    dependsOn: text('depends_on')
      .notNull()
      .references(() => tasks.id),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.dependsOn] }), index('task_dependants').on(t.dependsOn)],
);

export const runs = sentra.table(
  'runs',
  {
    adwId: text('adw_id').primaryKey(),
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    workflowType: text('workflow_type').notNull(),
    fromPhase: text('from_phase'),
    /** Comments of people that start this run as the next round. */
    comments: jsonb().$type<{ path?: string | undefined; line?: number | undefined; body: string }[]>(),
    /** What the merge queue sent back. */
    rework: jsonb().$type<Rework>(),
    status: text().notNull(),
    error: jsonb().$type<Failure>(),
    /** It works by the plan as it was then: from here on nobody changes that. */
    planTakenAt: at('plan_taken_at'),
    /** Of all its processes at one moment, in bytes; both grow while it is at work. */
    peakMemory: number('peak_memory').notNull().default(0),
    cpuSeconds: doublePrecision('cpu_seconds').notNull().default(0),
    createdAt: createdAt(),
    /** When it was handed to the workers; until then it only waits for its turn. */
    dispatchedAt: at('dispatched_at'),
    startedAt: at('started_at'),
    /** It gave its slot back and gets none before this. */
    parkedUntil: at('parked_until'),
    parkedFor: jsonb('parked_for').$type<Failure>(),
    /** Who executes it; each execution has the next number, and only the newest may write. */
    workerId: text('worker_id'),
    epoch: integer().notNull().default(0),
    /** Nothing of it is at work any more. */
    releasedAt: at('released_at'),
    endedAt: at('ended_at'),
    /** Its spans were sent to a collector of traces. */
    tracedAt: at('traced_at'),
  },
  (t) => [
    index('runs_by_task').on(t.taskId, t.createdAt),
    uniqueIndex('runs_one_active').on(t.taskId).where(sql`status in ('queued', 'running')`),
    index('runs_at_work')
      .on(t.taskId)
      .where(sql`status = 'running' or (status = 'queued' and dispatched_at is not null)`),
    index('runs_unreleased').on(t.workerId).where(sql`released_at is null and worker_id is not null`),
    index('runs_untraced').on(t.endedAt).where(sql`traced_at is null`),
  ],
);

export const phases = sentra.table(
  'phases',
  {
    adwId: text('adw_id')
      .notNull()
      .references(() => runs.adwId),
    taskId: text('task_id').notNull(),
    phase: text().notNull(),
    attempt: integer().notNull(),
    state: text().notNull(),
    agent: text(),
    /** Head of the branch when the attempt began: the parent of its commit. */
    parent: text(),
    commit: text(),
    error: jsonb().$type<Failure>(),
    costUsd: dollars('cost_usd'),
    tokens: number('tokens').notNull().default(0),
    /** Also the date of its commit, so that a repeated step gives the same hash. */
    startedAt: at('started_at').notNull().defaultNow(),
    endedAt: at('ended_at'),
  },
  (t) => [primaryKey({ columns: [t.adwId, t.phase, t.attempt] }), index('phases_by_task').on(t.taskId)],
);

export const events = sentra.table(
  'events',
  {
    id: number('id').primaryKey(),
    type: text().notNull(),
    projectId: text('project_id'),
    taskId: text('task_id'),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    timestamp: at('timestamp').notNull().defaultNow(),
  },
  (t) => [index('events_by_task').on(t.taskId, t.id)],
);

/** One row: the last number given to an event. */
export const eventHead = sentra.table('event_head', {
  one: boolean().primaryKey().default(true),
  lastId: number('last_id').notNull(),
});

export const agentSessions = sentra.table(
  'agent_sessions',
  {
    id: text().primaryKey(),
    taskId: text('task_id').notNull(),
    adwId: text('adw_id').notNull(),
    phase: text().notNull(),
    attempt: integer().notNull(),
    agent: text().notNull(),
    agentSessionId: text('agent_session_id'),
    model: text(),
    outcome: text(),
    message: text(),
    /** As they were sent, but for secrets. */
    systemPrompt: text('system_prompt'),
    prompt: text(),
    /** Of the project's own system prompt; null for the default. */
    promptVersion: integer('prompt_version'),
    costUsd: dollars('cost_usd'),
    usage: jsonb().$type<Record<string, number>>(),
    startedAt: at('started_at').notNull().defaultNow(),
    endedAt: at('ended_at'),
  },
  (t) => [index('agent_sessions_by_task').on(t.taskId)],
);

/** Of an agent in a project whose runs fail in a row (domain/breaker.ts). */
export const breakers = sentra.table(
  'breakers',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    agent: text().notNull(),
    kind: text().notNull(),
    failures: integer().notNull(),
    trips: integer().notNull(),
    openUntil: at('open_until'),
    message: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.agent] })],
);

/** Credentials that a model lets in again only after this. */
export const credentialLimits = sentra.table('credential_limits', {
  credential: text().primaryKey(),
  until: at('until').notNull(),
  message: text().notNull(),
});

export const evidence = sentra.table(
  'evidence',
  {
    id: number('id').primaryKey().generatedAlwaysAsIdentity(),
    taskId: text('task_id').notNull(),
    adwId: text('adw_id').notNull(),
    phase: text().notNull(),
    attempt: integer().notNull(),
    kind: text().notNull(),
    /** Which of several of one kind in one attempt. */
    ordinal: integer().notNull().default(1),
    passed: boolean().notNull(),
    exitCode: integer('exit_code'),
    summary: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    unique('evidence_once').on(t.adwId, t.phase, t.attempt, t.kind, t.ordinal),
    index('evidence_by_task').on(t.taskId, t.id),
  ],
);

export const mergeQueue = sentra.table(
  'merge_queue',
  {
    taskId: text('task_id')
      .primaryKey()
      .references(() => tasks.id),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    /** What it is merged for: a run, or a person's request. */
    adwId: text('adw_id').notNull(),
    state: text().notNull(),
    alone: boolean().notNull().default(false),
    /** Why it was refused. */
    failure: jsonb().$type<Failure>(),
    requestedAt: at('requested_at').notNull().defaultNow(),
  },
  (t) => [index('merge_queue_by_project').on(t.projectId)],
);

export const pullRequests = sentra.table(
  'pull_requests',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    number: integer().notNull(),
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    state: text().notNull(),
    title: text().notNull(),
    body: text().notNull(),
    headBranch: text('head_branch').notNull(),
    baseBranch: text('base_branch').notNull(),
    headCommit: text('head_commit').notNull(),
    mergeCommit: text('merge_commit'),
    approvedAt: at('approved_at'),
    /** When the merge was asked for: the date of its commit. */
    mergeRequestedAt: at('merge_requested_at'),
    mergedAt: at('merged_at'),
    closedAt: at('closed_at'),
    /** Where people see it: Sentra itself, or a forge that has it under `forgeNumber` as soon as it is open there. */
    forge: text().notNull().default('local'),
    forgeNumber: integer('forge_number'),
    forgeUrl: text('forge_url'),
    /** Title and text as the forge was last told, as a digest. */
    forgeTold: text('forge_told'),
    /** As the forge last showed it. */
    seen: jsonb().$type<SeenPull>(),
    lookedAt: at('looked_at'),
    /** Why it cannot go on there at this moment, for people. */
    forgeProblem: text('forge_problem'),
    /** Rounds that failing checks of the forge have begun. */
    checkRounds: integer('check_rounds').notNull().default(0),
    /** The commit whose failing checks have begun one. */
    checkedCommit: text('checked_commit'),
    /** Nothing is to be done or seen there any more. */
    forgeDone: boolean('forge_done').notNull().default(false),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.number] }),
    uniqueIndex('pull_requests_one_open').on(t.taskId).where(sql`state = 'open'`),
    index('pull_requests_by_task').on(t.taskId),
  ],
);

export const reviewComments = sentra.table(
  'review_comments',
  {
    id: number('id').primaryKey().generatedAlwaysAsIdentity(),
    taskId: text('task_id').notNull(),
    adwId: text('adw_id'),
    author: text().notNull(),
    path: text(),
    line: integer(),
    body: text().notNull(),
    /** The forge's own name of it: each is taken once. */
    forgeId: text('forge_id'),
    createdAt: createdAt(),
  },
  (t) => [index('review_comments_by_task').on(t.taskId), uniqueIndex('review_comments_once').on(t.taskId, t.forgeId)],
);

export const templates = sentra.table('templates', {
  name: text().primaryKey(),
  fields: jsonb().$type<Template['fields']>().notNull(),
  createdAt: createdAt(),
});
