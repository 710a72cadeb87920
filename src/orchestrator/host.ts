/** The host and this server, as people ask for them: resources, worktrees, agents. Reads only. */
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import type { Agents } from '#src/agents/registry.ts';
import type { AgentInfo } from '#src/domain/agent-info.ts';
import type { Operator } from '#src/domain/confinement.ts';
import { chooseSlots, type Slots, slotsOfHost } from '#src/domain/slots.ts';
import type { System, WorktreeInfo } from '#src/domain/system.ts';
import { messageOf } from '#src/errors.ts';
import { isMissing } from '#src/git/repository.ts';
import { worktreeState } from '#src/git/worktree.ts';
import { readMemory } from '#src/orchestrator/host-memory.ts';
import type { Intake } from '#src/orchestrator/intake.ts';
import type { ResourceView } from '#src/orchestrator/resources.ts';
import { explainLimits } from '#src/sandbox/limits.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { listPool, type PoolRow, type PoolState } from '#src/store/pool.ts';
import { listProjectRows, type ProjectRow } from '#src/store/projects.ts';
import { countTasksIn, getTasks } from '#src/store/tasks.ts';
import { listWorktreeRows, type WorktreeRow } from '#src/store/worktrees.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

export type Host = {
  system(): Promise<System>;
  agents(): Promise<AgentInfo[]>;
  worktrees(): Promise<WorktreeInfo[]>;
};

export type HostParts = {
  database: Database;
  sandbox: Sandbox;
  agents: Agents;
  version: string;
  home: string;
  slots: Slots;
  intake: Pick<Intake, 'shortages'>;
  network: Operator['network'];
  diskOf: ResourceView['diskOf'];
  databasePlace: { kind: 'embedded' | 'external'; place: string };
};

export function createHost(parts: HostParts): Host {
  const startedAt = new Date().toISOString();
  const { db } = parts.database;
  return {
    agents: () => listAgents(parts),
    async system() {
      const [disk, memory, missing, agents, inUse] = await Promise.all([
        statfs(parts.home),
        readMemory(),
        parts.sandbox.unavailable(),
        listAgents(parts),
        countTasksIn(db, 'running'),
      ]);
      return {
        version: parts.version,
        home: parts.home,
        startedAt,
        slots: { ...parts.slots, inUse },
        shortages: [...parts.intake.shortages()],
        cpus: os.availableParallelism(),
        load: os.loadavg()[0] ?? 0,
        memory,
        disk: { total: disk.blocks * disk.bsize, free: disk.bavail * disk.bsize },
        database: { ...parts.databasePlace, reachable: true },
        isolation: {
          available: missing === undefined,
          reason: missing ?? null,
          network: parts.network,
          limits: missing === undefined ? explainLimits() : null,
        },
        agents: agents.filter(({ source, installed }) => source !== 'preset' || installed),
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
      const pooled = (await listPool(db)).map((row) => describePooled(row, parts.diskOf(row.path)));
      const ofTasks = await Promise.all(
        rows.map(async (row) => {
          const task = tasks.get(row.taskId);
          const disk = parts.diskOf(row.path);
          return {
            ...(await describeWorktree(row, task?.status ?? 'unknown', projects.get(task?.projectId ?? ''))),
            bytes: disk?.own ?? null,
            sharedBytes: disk?.shared ?? null,
          };
        }),
      );
      return [...ofTasks, ...pooled];
    },
  };
}

/** The built-in agents, the well-known ones and those that a project's sentra.json defines, each once. */
async function listAgents({ agents, database }: HostParts): Promise<AgentInfo[]> {
  const projects = await listProjectRows(database.db);
  const lists = await Promise.all([agents.list(), ...projects.map((p) => listOfProject(agents, p))]);
  return [...new Map(lists.flat().map((agent) => [agent.name, agent])).values()];
}

async function listOfProject(agents: Agents, project: ProjectRow): Promise<AgentInfo[]> {
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
): Promise<Omit<WorktreeInfo, 'bytes' | 'sharedBytes'>> {
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

/** Of no task yet; one that a task is taking at this moment is shown as the task's soon. */
function describePooled(row: PoolRow, disk: ReturnType<HostParts['diskOf']>): WorktreeInfo {
  const states = { filling: 'creating', ready: 'ready', claimed: 'creating', dropping: 'removing' } as const;
  const { path, state } = row;
  const reason = `prepared ahead${row.dependencies ? ', with dependencies' : ''}`;
  const size = { bytes: disk?.own ?? null, sharedBytes: disk?.shared ?? null };
  return {
    taskId: null,
    path,
    branchName: null,
    state: states[state as PoolState],
    reason,
    ...size,
    dirty: false,
    unmerged: false,
  };
}

function reasonOf(status: string): string {
  if (status === 'failed') return 'kept for inspection: the task failed';
  if (status === 'in_review') return 'its pull request is open';
  return `the task is ${status.replace('_', ' ')}`;
}

/** How many runs at once this worker takes. */
export async function decideSlots(db: Queryable, environment: number | undefined): Promise<Slots> {
  const projects = await listProjectRows(db);
  const host = slotsOfHost({ cpus: os.availableParallelism(), memoryBytes: (await readMemory()).total });
  return chooseSlots({ environment, host, projects: projects.map((p) => ({ name: p.name, slots: slotsAskedBy(p) })) });
}

function slotsAskedBy(project: ProjectRow): number | undefined {
  try {
    return readProjectConfig(project).limits.slots;
  } catch {
    return undefined; // a wrong sentra.json is told on the project itself
  }
}
