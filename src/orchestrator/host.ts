/** The host and this server, as people ask for them: resources, worktrees, agents. Reads only. */
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import type { Agents } from '#src/agents/registry.ts';
import type { System, WorktreeInfo } from '#src/domain/system.ts';
import { messageOf } from '#src/errors.ts';
import { isMissing } from '#src/git/repository.ts';
import { worktreeState } from '#src/git/worktree.ts';
import { createDiskUse } from '#src/orchestrator/disk-use.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { listProjectRows, type ProjectRow } from '#src/store/projects.ts';
import { countTasksIn, getTasks } from '#src/store/tasks.ts';
import { listWorktreeRows, type WorktreeRow } from '#src/store/worktrees.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

export type Host = { system(): Promise<System>; worktrees(): Promise<WorktreeInfo[]> };

export type HostParts = {
  database: Database;
  sandbox: Sandbox;
  agents: Agents;
  version: string;
  home: string;
  slots: number;
  databasePlace: { kind: 'embedded' | 'external'; place: string };
};

export function createHost(parts: HostParts): Host {
  const startedAt = new Date().toISOString();
  const { db } = parts.database;
  const bytesOf = createDiskUse();
  return {
    async system() {
      const [disk, missing, agents, inUse] = await Promise.all([
        statfs(parts.home),
        parts.sandbox.unavailable(),
        listAgents(parts),
        countTasksIn(db, 'running'),
      ]);
      return {
        version: parts.version,
        home: parts.home,
        startedAt,
        slots: { total: parts.slots, inUse },
        cpus: os.availableParallelism(),
        load: os.loadavg()[0] ?? 0,
        memory: { total: os.totalmem(), free: os.freemem() },
        disk: { total: disk.blocks * disk.bsize, free: disk.bavail * disk.bsize },
        database: { ...parts.databasePlace, reachable: true },
        isolation: { available: missing === undefined, reason: missing ?? null },
        agents,
      };
    },
    async worktrees() {
      const projects = new Map((await listProjectRows(db)).map((p) => [p.id, p]));
      const rows = await listWorktreeRows(db);
      const tasks = new Map(
        (
          await getTasks(
            db,
            rows.map((r) => r.taskId),
          )
        ).map((t) => [t.id, t]),
      );
      return Promise.all(
        rows.map(async (row) => {
          const task = tasks.get(row.taskId);
          return {
            ...(await describeWorktree(row, task?.status ?? 'unknown', projects.get(task?.projectId ?? ''))),
            bytes: bytesOf(row.path),
          };
        }),
      );
    },
  };
}

/** The built-in agents and those that a project's sentra.json defines, each once. */
async function listAgents({ agents, database }: HostParts): Promise<System['agents']> {
  const projects = await listProjectRows(database.db);
  const lists = await Promise.all([agents.list(), ...projects.map((p) => listOfProject(agents, p))]);
  return [...new Map(lists.flat().map((agent) => [agent.name, agent])).values()];
}

async function listOfProject(agents: Agents, project: ProjectRow): Promise<System['agents']> {
  try {
    return await agents.list(readProjectConfig(project));
  } catch {
    return []; // a wrong sentra.json is told on the project itself
  }
}

async function describeWorktree(
  row: WorktreeRow,
  status: string,
  project: ProjectRow | undefined,
): Promise<Omit<WorktreeInfo, 'bytes'>> {
  const base = {
    taskId: row.taskId,
    path: row.path,
    branchName: row.branchName,
    state: row.state as WorktreeInfo['state'],
  };
  if (!project || isMissing(project) || !row.adminDir)
    return { ...base, reason: `the task is ${status}`, dirty: false, unmerged: false };
  try {
    const state = await worktreeState(project, {
      path: row.path,
      adminDir: row.adminDir,
      base: `refs/heads/${project.baseBranch}`,
      branchName: row.branchName,
    });
    return { ...base, reason: reasonOf(status), dirty: state.dirty, unmerged: state.unmerged > 0 };
  } catch (e) {
    return { ...base, reason: `git cannot read it: ${messageOf(e)}`, dirty: false, unmerged: false };
  }
}

function reasonOf(status: string): string {
  if (status === 'failed') return 'kept for inspection: the task failed';
  if (status === 'in_review') return 'its pull request is open';
  return `the task is ${status.replace('_', ' ')}`;
}

/** How many runs this database has at work, against the slots of this worker. */
export const slotsInUse = (db: Queryable): Promise<number> => countTasksIn(db, 'running');
