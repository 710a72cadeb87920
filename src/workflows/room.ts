/** Where a task's commands and agents run: its worktree, its private home, and nothing else of the host. */
import { totalmem } from 'node:os';
import path from 'node:path';
import { roomLimits } from '#src/domain/confinement.ts';
import { TaskId } from '#src/domain/ids.ts';
import { registryHosts } from '#src/domain/registries.ts';
import type { TaskType } from '#src/domain/task.ts';
import { readableCaches } from '#src/environment/package-caches.ts';
import { createRunner, type Runner } from '#src/environment/runner.ts';
import type { Egress } from '#src/sandbox/egress.ts';
import type { Network, Room } from '#src/sandbox/sandbox.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { getTaskRow } from '#src/store/tasks.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { isolationFor, readProjectConfig } from '#src/workflows/project-settings.ts';
import type { RunFacts } from '#src/workflows/run.ts';

export type SetupFacts = Pick<RunFacts, 'taskId' | 'title' | 'type' | 'project' | 'config' | 'confined'>;

/** What is known of a task outside of a run. Throws `repository_missing` or `invalid_config`. */
export async function readSetupFacts(parts: Parts, taskId: string): Promise<SetupFacts> {
  const { database } = parts;
  const { title, type, projectId } = await getTaskRow(database.db, taskId);
  const project = await getProjectRow(database.db, projectId);
  const config = readProjectConfig(project);
  return {
    taskId,
    title,
    type: type as TaskType,
    project: { ...project, baseBranch: config.baseBranch ?? project.baseBranch },
    config,
    confined: (await isolationFor(parts, { project, config })) !== 'none',
  };
}

/** Runs the project's commands in a task's worktree, confined as the task is. */
export function runnerFor(
  parts: Parts,
  facts: SetupFacts,
  worktreePath: string,
  more: Pick<Room, 'discarded' | 'doors' | 'sockets' | 'writable'> = {},
): Runner {
  return createRunner({
    sandbox: facts.confined ? parts.sandbox : undefined,
    room: { ...roomOf(parts, facts, worktreePath), ...more },
    baseEnv: { ...parts.baseEnv },
  });
}

export const roomOf = (parts: Parts, facts: SetupFacts, worktreePath: string) => ({
  worktreePath,
  gitDir: facts.project.gitDir,
  repositoryPath: facts.project.path,
  homePath: path.join(parts.home, 'homes', facts.taskId),
  readable: readableCaches(packagesOf(parts, facts)),
  egress: egressOf(parts, facts),
  limits: roomLimits(facts.config.limits, totalmem()),
});

/** For agents, installs, set-up and dev servers. */
function egressOf(parts: Parts, facts: SetupFacts): Egress {
  const { allow, registries } = facts.config.network;
  const { network, hosts } = parts.operator;
  return {
    allowed: network === 'open' ? 'open' : [...(registries ? registryHosts : []), ...allow, ...hosts],
    trusted: [...registryHosts, ...hosts], // a mirror in the company's network may answer for a registry
    setting: 'network.allow',
    ...tellOf(parts, facts),
  };
}

/** For tests and checks, which reach what is named for them and else nothing. */
export function testReach(parts: Parts, facts: SetupFacts): { network: Network; egress?: Egress } {
  const allowed = facts.config.network.test;
  if (allowed.length === 0) return { network: 'none' };
  const { hosts } = parts.operator;
  return { network: 'proxy', egress: { allowed, trusted: hosts, setting: 'network.test', ...tellOf(parts, facts) } };
}

/** A worktree that is prepared ahead belongs to no task yet, and has no log. */
const tellOf = ({ logs }: Parts, { taskId }: SetupFacts): Pick<Egress, 'onRefused'> =>
  TaskId.safeParse(taskId).success
    ? { onRefused: (message) => void logs.logger({ taskId }).warn(message, { kind: 'step' }) }
    : {};

/** Of one project: what one of its tasks leaves here is for its other tasks only. */
export const cachesOf = (parts: Pick<Parts, 'home'>, facts: { project: { id: string } }): string =>
  path.join(parts.home, 'caches', facts.project.id);

/** What package managers fetched: only installs write there. */
export const packagesOf = (parts: Parts, facts: Pick<SetupFacts, 'project'>): string =>
  path.join(cachesOf(parts, facts), 'packages');
