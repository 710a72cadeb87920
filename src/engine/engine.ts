/**
 * Durable execution: the only folder that knows DBOS. A workflow is a plain async function made of steps (step.ts); it is
 * started in the caller's transaction, so that the row and the start are one fact, and resumes at the step where it
 * stopped, whatever died. It knows nothing of git or agents.
 */
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import type pg from 'pg';
import { holdSteps, resumeSteps, suspendSteps, whenIdle } from '#src/engine/step.ts';
import { listSteps, type StepRecord } from '#src/engine/step-records.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import type { Connections } from '#src/store/connections.ts';

/** Runs of one worker, the merge queues of projects, clean-up, analyses of specifications. */
export type QueueName = `runs@${string}` | 'merging' | 'upkeep' | 'analyses';

export const runsQueue = (workerId: string): QueueName => `runs@${workerId}`;

export type Job = {
  /** Unique for ever: starting twice is starting once. */
  id: string;
  workflow: string;
  queue: QueueName;
  input: unknown;
  /** Of those with the same one is at work at a time, on whatever worker; `merging` needs it. */
  partition?: string;
  /** Lower is sooner, from 1. */
  priority?: number;
};

export type Workflow = (input: never) => Promise<unknown>;

export type Engine = {
  /** Starts a job when `client`'s open transaction commits. */
  enqueue(client: pg.ClientBase, job: Job): Promise<void>;
  /** Waits for a job's result; throws `timed_out` after `timeoutMs`, and what the job threw. */
  result(id: string, timeoutMs: number): Promise<unknown>;
  /** Signals a job to stop; its running step sees an aborted signal. */
  cancel(id: string): Promise<void>;
  /** Ids of the jobs that wait or are at work, on whatever worker. */
  listActive(): Promise<string[]>;
  /** Steps of a job that have ended, in the order in which they were called. */
  listSteps(id: string): Promise<StepRecord[]>;
  /** Resolves when no step of the job is running in this process. */
  whenIdle(id: string): Promise<void>;
  /** Lets no further step end; the process is expected to exit. */
  hold(): void;
  /** Lets no step begin, and has those at work begin again after `resume`: what they come to is not theirs. */
  suspend(): void;
  resume(): void;
};

export type LaunchOptions = {
  database: { url: string; connections: Pick<Connections, 'openPool'> };
  /** Stable and unique per worker: a restarted worker takes its own work back. */
  workerId: string;
  workflows: Readonly<Record<string, Workflow>>;
};

/** How soon a job is taken up; each look is four short queries, so only what people wait for is looked for often. */
const pollMs = { runs: 50, merging: 100, upkeep: 250, analyses: 250 } as const;
/** Runs come here only when they have a slot; those that gave theirs back stay and wait for another. */
const atOnce = { runs: 10_000, merging: 20, upkeep: 4, analyses: 2 } as const;
// Bumped by hand when recorded runs cannot be replayed on changed workflows.
export const applicationVersion = '4';

/** Makes DBOS's own tables. The caller holds the migration lock (store/database.ts). */
export const migrateEngine = (databaseUrl: string): Promise<void> => DBOS.migrate(databaseUrl).catch(tellCause);

/** Its own error says what it was about, this one what happened. */
function tellCause(thrown: { error?: unknown }): never {
  throw thrown.error ?? thrown;
}

/** Comes before the launch: what is resumed may need it at once. */
export async function createEngine(database: { url: string; pool: pg.Pool }): Promise<Engine> {
  const client = await DBOSClient.create({
    systemDatabaseUrl: database.url,
    systemDatabasePool: database.pool,
    applicationName: 'sentra',
  });
  return engineOver(client, database.pool);
}

/** Begins to execute, with what this worker had begun. */
export async function launchEngine(options: LaunchOptions): Promise<void> {
  DBOS.setConfig({
    name: 'sentra',
    systemDatabaseUrl: options.database.url,
    executorID: options.workerId,
    applicationVersion,
    logLevel: 'error',
    systemDatabasePool: options.database.connections.openPool(10, { prepares: true }),
    runMigrations: false,
    // `runs` holds what a version without a queue for each worker had begun.
    listenQueues: [runsQueue(options.workerId), 'runs', 'merging', 'upkeep', 'analyses'],
  });
  for (const [name, workflow] of Object.entries(options.workflows))
    DBOS.registerWorkflow(workflow as (input: unknown) => Promise<unknown>, { name });
  await DBOS.launch().catch(tellCause);
  for (const kind of ['runs', 'merging', 'upkeep', 'analyses'] as const)
    await DBOS.registerQueue(kind === 'runs' ? runsQueue(options.workerId) : kind, {
      workerConcurrency: atOnce[kind],
      ...(kind === 'merging' ? { partitionConcurrency: 1 } : {}),
      minPollingIntervalMs: pollMs[kind],
      onConflict: 'always_update',
    });
}

function engineOver(client: DBOSClient, pool: pg.Pool): Engine {
  return {
    async enqueue(pgClient, job) {
      await client.enqueueInTransaction<(input: unknown) => Promise<unknown>>(
        pgClient,
        {
          queueName: job.queue,
          workflowName: job.workflow,
          workflowID: job.id,
          ...(job.partition ? { queuePartitionKey: job.partition } : {}),
          ...(job.priority ? { priority: job.priority } : {}),
        },
        job.input,
      );
    },
    async result(id, timeoutMs) {
      const handle = client.retrieveWorkflow(id);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, fail) => {
        timer = setTimeout(
          () => fail(new SentraError('timed_out', `${id} is still at work after ${timeoutMs} ms; it goes on.`)),
          timeoutMs,
        );
      });
      try {
        return await Promise.race([handle.getResult({ pollingIntervalMs: 50 }), late]);
      } catch (e) {
        throw asSentraError(e);
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (id) => client.cancelWorkflow(id),
    async listActive() {
      const jobs = await client.listWorkflows({ status: ['ENQUEUED', 'PENDING'], loadInput: false, loadOutput: false });
      return jobs.map((job) => job.workflowID);
    },
    listSteps: (id) => listSteps(pool, id),
    whenIdle,
    hold: holdSteps,
    suspend: suspendSteps,
    resume: resumeSteps,
  };
}

/** A result that crossed the database lost its class; its code survives. */
function asSentraError(e: unknown): unknown {
  const code = (e as { code?: unknown } | undefined)?.code;
  if (e instanceof SentraError || typeof code !== 'string') return e;
  return new SentraError(code as SentraError['code'], messageOf(e), { details: (e as { details?: unknown }).details });
}
