/** What a task's worktree was given to work with: ports, its steps of set-up, a database, and what the tasks beside it have. */
import { z } from 'zod';
import { TaskId } from '#src/domain/ids.ts';
import { TaskStatus } from '#src/domain/task.ts';

/** In the order in which they are done. */
export const setupStepNames = ['copy', 'database', 'install', 'migrate', 'build', 'script'] as const;
export type SetupStepName = (typeof setupStepNames)[number];

/** One step on the way to a worktree that can be worked in, as it went the last time. */
export const SetupStep = z
  .object({
    name: z.enum(setupStepNames),
    /** `running` after a crash too: the next run does it again. */
    state: z.enum(['running', 'passed', 'failed']),
    command: z.string().nullable(),
    exitCode: z.number().int().nullable(),
    /** What it did; of one that failed, why, with its last lines. */
    summary: z.string(),
    durationMs: z.number().int().nullable(),
    adwId: z.string().nullable(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'SetupStep' });
export type SetupStep = z.infer<typeof SetupStep>;

const Ports = z.record(z.string(), z.number().int());

export const Peer = z
  .object({
    taskId: TaskId,
    title: z.string(),
    status: TaskStatus,
    /** How it stands to the task: what the task waits for, what waits for it, or only of the same project. */
    relation: z.enum(['dependency', 'dependant', 'project']),
    ports: Ports,
  })
  .meta({ id: 'Peer' });
export type Peer = z.infer<typeof Peer>;

export const TaskEnvironment = z
  .object({
    taskId: TaskId,
    ports: Ports,
    /** Other tasks that have ports now. */
    peers: z.array(Peer),
    setup: z.array(SetupStep),
    database: z.object({ kind: z.enum(['database', 'schema']), name: z.string(), place: z.string() }).nullable(),
  })
  .meta({ id: 'TaskEnvironment' });
export type TaskEnvironment = z.infer<typeof TaskEnvironment>;

/** Which peers' ports a task's programs are told in PEER_PORTS. */
export const PeerPorts = z.enum(['none', 'related', 'project']);
export type PeerPorts = z.infer<typeof PeerPorts>;
