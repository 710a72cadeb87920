/** The facts that the scheduler decides on, read anew for each look: who waits, who is at work, what limits and gates there are. */
import type { Breaker } from '#src/domain/breaker.ts';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import { type Candidate, type Cap, type Gate, heldAgents, type ScheduleFacts } from '#src/domain/scheduler.ts';
import { SentraError } from '#src/errors.ts';
import { breakerCaps, breakerGates } from '#src/orchestrator/breakers.ts';
import { budgetGates } from '#src/orchestrator/budgets.ts';
import { listBreakers } from '#src/store/breakers.ts';
import type { Queryable } from '#src/store/database.ts';
import { listProjectRows, type ProjectRow } from '#src/store/projects.ts';
import { listAtWork, listQueued, listQueuingProjects, type QueuedTask } from '#src/store/task-queue.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

/** What this host adds to the facts, asked at each look. */
export type HostFacts = {
  /** Of all workers together. */
  slots(): number;
  /** What else keeps tasks from starting: a disk that is full, a breaker that is open. */
  gates(): readonly Gate[];
};

/** A project with what its sentra.json says; undefined where that cannot be read, and its tasks then say so themselves. */
export type QueueProject = { row: ProjectRow; config: ProjectConfig | undefined };

/** The best of the tasks that wait, as many as there are free slots: what is beyond them cannot start in this look. */
export async function readNext(db: Queryable, host: HostFacts): Promise<ScheduleFacts> {
  const atWork = await listAtWork(db);
  const free = host.slots() - atWork.length;
  const queuing = free > 0 ? await listQueuingProjects(db) : [];
  if (!queuing.length) return { candidates: [], active: [], slots: 0, caps: [], gates: [] };
  const projects = (await listProjectRows(db)).map(toQueueProject);
  const base = baseOf(projects, { atWork, ...(await readHolds(db, projects)) }, host);
  const candidates: Candidate[] = [];
  for (const project of projects.filter(({ row }) => queuing.includes(row.id))) {
    if (base.gates.some((gate) => gate.agent === undefined && (gate.projectId ?? project.row.id) === project.row.id))
      continue;
    // Those held by their agent must not stand in front of others in a short line.
    const without = { agents: heldAgents(project.row.id, base), agent: agentOf(null, project) };
    const waiting = await listQueued(db, project.row.id, { limit: free, without });
    candidates.push(...waiting.map((task) => ({ ...task, agent: agentOf(task.agent, project) })));
  }
  return { ...base, candidates };
}

/** With every task that waits: for telling each its place. */
export async function readWhole(db: Queryable, host: HostFacts): Promise<ScheduleFacts> {
  const projects = (await listProjectRows(db)).map(toQueueProject);
  const base = baseOf(projects, { atWork: await listAtWork(db), ...(await readHolds(db, projects)) }, host);
  const candidates: Candidate[] = [];
  for (const project of projects)
    for (const task of await listQueued(db, project.row.id))
      candidates.push({ ...task, agent: agentOf(task.agent, project) });
  return { ...base, candidates };
}

/** The agent that codes, for a task that names one or none. */
export function agentOf(named: QueuedTask['agent'], { config }: Pick<QueueProject, 'config'>): string {
  return named ?? config?.agents.phases?.code ?? config?.agents.default ?? 'claude';
}

/** A person paused the project. */
export const pauseGate = ({ id, paused }: Pick<ProjectRow, 'id' | 'paused'>): Gate[] =>
  paused ? [{ code: 'paused', message: 'the project is paused: resume it', projectId: id }] : [];

type Holds = { breakers: readonly Breaker[]; budgets: readonly Gate[] };

const readHolds = async (db: Queryable, projects: readonly QueueProject[]): Promise<Holds> => ({
  breakers: await listBreakers(db),
  budgets: await budgetGates(
    db,
    projects.map(({ row }) => row),
  ),
});

function baseOf(
  projects: readonly QueueProject[],
  { atWork, breakers, budgets }: Holds & { atWork: readonly Pick<QueuedTask, 'projectId' | 'agent'>[] },
  host: HostFacts,
): Omit<ScheduleFacts, 'candidates'> {
  const byId = new Map(projects.map((project) => [project.row.id, project]));
  return {
    active: atWork.map(({ projectId, agent }) => ({
      projectId,
      agent: agentOf(agent, byId.get(projectId) ?? { config: undefined }),
    })),
    slots: host.slots(),
    caps: [...projects.flatMap(capsOf), ...breakerCaps(breakers)],
    gates: [...projects.flatMap(({ row }) => pauseGate(row)), ...breakerGates(breakers), ...budgets, ...host.gates()],
  };
}

function capsOf({ row: { id: projectId }, config }: QueueProject): Cap[] {
  const { slots, agentSlots = {} } = config?.limits ?? {};
  return [
    ...(slots === undefined ? [] : [{ projectId, limit: slots }]),
    ...Object.entries(agentSlots).map(([agent, limit]) => ({ projectId, agent, limit })),
  ];
}

export function toQueueProject(row: ProjectRow): QueueProject {
  try {
    return { row, config: readProjectConfig(row) };
  } catch (e) {
    if (e instanceof SentraError) return { row, config: undefined };
    throw e;
  }
}
