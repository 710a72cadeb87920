/** Where a task's commands and agents run: its worktree, its private home, and nothing else of the host. */
import { mkdir, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { roomLimits } from '#src/domain/confinement.ts';
import { TaskId } from '#src/domain/ids.ts';
import { registryHosts } from '#src/domain/registries.ts';
import type { TaskType } from '#src/domain/task.ts';
import { readableCaches } from '#src/environment/package-caches.ts';
import { createRunner, type Runner } from '#src/environment/runner.ts';
import { makePrivateGit } from '#src/git/private-git.ts';
import type { Egress } from '#src/sandbox/egress.ts';
import type { Network, Room, RoomGit } from '#src/sandbox/sandbox.ts';
import { makeOwnFolder } from '#src/sandbox/sockets.ts';
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
  ...(isPrivate(facts) ? { privateGit: () => openPrivateGit(parts, facts, worktreePath) } : {}),
  repositoryPath: facts.project.path,
  homePath: path.join(parts.home, 'homes', facts.taskId),
  readable: readableCaches(packagesOf(parts, facts)),
  egress: egressOf(parts, facts),
  limits: roomLimits(facts.config.limits, totalmem()),
});

/** Whether what runs for it sees a git directory of its own instead of the repository's. */
export const isPrivate = ({ confined, config }: Pick<SetupFacts, 'confined' | 'config'>): boolean =>
  confined && config.isolation === 'private';

/** Git directories of rooms that are open now. */
export const roomGitsOf = (home: string): string => path.join(home, 'rooms');

/** Longer than that only the first copy of a history takes. */
const slowMs = 5_000;

async function openPrivateGit(parts: Parts, facts: SetupFacts, worktreePath: string): Promise<RoomGit> {
  const rooms = roomGitsOf(parts.home);
  await mkdir(rooms, { recursive: true, mode: 0o700 });
  const folder = await makeOwnFolder(rooms);
  const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const { baseBranch } = facts.project;
  const { identity } = parts;
  const histories = path.join(cachesOf(parts, facts), 'history');
  try {
    const request = { folder, histories, worktreePath, baseBranch, identity };
    const startedAt = performance.now();
    const made = await makePrivateGit(facts.project, request);
    const tookMs = Math.round(performance.now() - startedAt);
    if (tookMs > slowMs && TaskId.safeParse(facts.taskId).success)
      void parts.logs
        .logger({ taskId: facts.taskId })
        .info(`A git directory for the room took ${tookMs} ms, most of it the copy of ${baseBranch}'s history`, {
          kind: 'step',
        });
    // What fails here is taken away at the next start.
    return { folder, ...made, remove: () => remove().catch(() => {}) };
  } catch (e) {
    await remove();
    throw e;
  }
}

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
