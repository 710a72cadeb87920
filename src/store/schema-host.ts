/** What there is on hosts: worktrees, those prepared ahead, ports, databases and dev servers of tasks; and the workers. */
import { boolean, index, integer, jsonb, primaryKey, text } from '#src/store/drizzle.ts';
import { at, createdAt, projects, sentra, tasks } from '#src/store/schema.ts';

export const worktrees = sentra.table('worktrees', {
  taskId: text('task_id')
    .primaryKey()
    .references(() => tasks.id),
  path: text().notNull(),
  branchName: text('branch_name').notNull(),
  adminDir: text('admin_dir'),
  /** The commit that the branch started from. */
  base: text().notNull(),
  state: text().notNull(),
  isolation: text().notNull(),
  /** Untracked files that were copied in from the main checkout: never committed. */
  copied: text().array().notNull().default([]),
  createdAt: createdAt(),
  readyAt: at('ready_at'),
  deletedAt: at('deleted_at'),
});

/** What the conflict radar has seen of a task's branch. */
export const branchHeads = sentra.table('branch_heads', {
  taskId: text('task_id')
    .primaryKey()
    .references(() => tasks.id),
  head: text().notNull(),
  paths: text().array().notNull(),
});

/** Two branches that conflict; each pair is there in both directions. */
export const collisions = sentra.table(
  'collisions',
  {
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    otherId: text('other_id')
      .notNull()
      .references(() => tasks.id),
    paths: text().array().notNull(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.otherId] }), index('collisions_by_other').on(t.otherId)],
);

/** Worktrees prepared ahead of their tasks. The row is written before anything is on disk, and goes when nothing is left of it. */
export const poolWorktrees = sentra.table(
  'pool_worktrees',
  {
    id: text().primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    /** Where it is prepared; a claim moves it to the path of its task. */
    path: text().notNull(),
    adminDir: text('admin_dir'),
    /** The commit that it stands at. */
    base: text().notNull(),
    state: text().notNull(),
    /** Of what it was prepared by; other settings make it useless. */
    settings: text().notNull(),
    /** What its dependencies were installed from; null where they are left to the task. */
    dependencies: text(),
    /** Installed files that have its path written in them, relative to it. */
    named: text().array().notNull().default([]),
    workerId: text('worker_id').notNull(),
    taskId: text('task_id')
      .unique()
      .references(() => tasks.id),
    createdAt: createdAt(),
    readyAt: at('ready_at'),
    claimedAt: at('claimed_at'),
  },
  (t) => [index('pool_by_project').on(t.projectId, t.state)],
);

/** Of each project the dependencies that do not survive a move: they are not installed ahead again for a day. */
export const poolVerdicts = sentra.table('pool_verdicts', {
  projectId: text('project_id')
    .primaryKey()
    .references(() => projects.id),
  dependencies: text().notNull(),
  reason: text().notNull(),
  createdAt: createdAt(),
});

export const portLeases = sentra.table('port_leases', {
  firstPort: integer('first_port').primaryKey(),
  taskId: text('task_id').notNull().unique(),
  names: jsonb().$type<Record<string, number>>(),
  createdAt: createdAt(),
  /** A lease whose task has no worktree runs out an hour after this. */
  renewedAt: at('renewed_at').notNull().defaultNow(),
});

/** The newest of each step that makes a task's worktree fit to work in. */
export const setupSteps = sentra.table(
  'setup_steps',
  {
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    name: text().notNull(),
    ordinal: integer().notNull(),
    /** In which folder and with what it was done: with another it is done again. */
    circumstances: text().notNull(),
    adwId: text('adw_id'),
    state: text().notNull(),
    command: text(),
    exitCode: integer('exit_code'),
    summary: text().notNull().default(''),
    durationMs: integer('duration_ms'),
    startedAt: at('started_at').notNull().defaultNow(),
    endedAt: at('ended_at'),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.name] })],
);

/** Databases and schemas that Sentra made on a project's own server. The row is written before the thing: proof that it is ours. */
export const taskDatabases = sentra.table('task_databases', {
  taskId: text('task_id')
    .primaryKey()
    .references(() => tasks.id),
  projectId: text('project_id').notNull(),
  kind: text().notNull(),
  name: text().notNull().unique(),
  /** Where it is: host, port and database, without credentials. */
  place: text().notNull(),
  tree: text().notNull(),
  createdAt: createdAt(),
  readyAt: at('ready_at'),
});

/** The dev servers that were started for a task, as they were last seen. */
export const devServers = sentra.table(
  'dev_servers',
  {
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    name: text().notNull(),
    /** Its place in sentra.json. */
    ordinal: integer().notNull(),
    port: integer().notNull(),
    state: text().notNull(),
    url: text(),
    /** The run that needs it; it stops when that ends, unless somebody asked for it as well. */
    adwId: text('adw_id'),
    requested: boolean().notNull(),
    restarts: integer().notNull(),
    message: text(),
    /** The process that has it at work; rows of earlier versions have none. */
    workerId: text('worker_id'),
    changedAt: at('changed_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.name] })],
);

export const workers = sentra.table('workers', {
  id: text().primaryKey(),
  host: text().notNull(),
  pid: integer().notNull(),
  slots: integer().notNull(),
  startedAt: at('started_at').notNull().defaultNow(),
  seenAt: at('seen_at').notNull().defaultNow(),
  /** It takes nothing more, and ends when its last run has. */
  drainingAt: at('draining_at'),
  stoppedAt: at('stopped_at'),
});
