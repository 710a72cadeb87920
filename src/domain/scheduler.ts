/**
 * Which tasks start now, and what holds the others back. Pure: facts in, decision out; `orchestrator/ready.ts` reads the facts
 * and carries it out, `domain/why.ts` tells it, a simulation tries it on thousands of worlds.
 *
 * Within a project: by priority, then by how many tasks wait for it, then by age. Between projects: the one with the fewest
 * tasks at work first, so that a long list in one does not keep another waiting.
 */
import type { Reason } from '#src/domain/reason.ts';
import type { Priority } from '#src/domain/task.ts';

/** A task that is ready and should start. */
export type Candidate = {
  taskId: string;
  projectId: string;
  agent: string;
  priority: Priority;
  /** How many tasks wait for it, directly or not. */
  unblocks: number;
  /** ISO 8601, all in the same form, so that they sort as text. */
  createdAt: string;
};

/** A slot that is taken. */
export type Active = Pick<Candidate, 'projectId' | 'agent'>;

/** At most `limit` at once: of a project, of an agent, or of an agent in a project. */
export type Cap = {
  limit: number;
  projectId?: string;
  agent?: string /** Where it is none of sentra.json's. */;
  reason?: Reason;
};

/** Nothing that it covers starts: everything, a project, an agent, or an agent in a project. Others add theirs: disk, budget, breaker. */
export type Gate = Reason & { projectId?: string; agent?: string };

export type ScheduleFacts = {
  candidates: readonly Candidate[];
  active: readonly Active[];
  /** Of all workers together. */
  slots: number;
  caps: readonly Cap[];
  gates: readonly Gate[];
  /** When each project last had a start, as a number that grows; a project that is not in it never had one. */
  lastStarts?: ReadonlyMap<string, number>;
};

export type Schedule = {
  /** In the order in which they should start. */
  starts: string[];
  /** Every other candidate, with at least one reason. */
  held: Map<string, Reason[]>;
};

export function schedule(facts: ScheduleFacts): Schedule {
  const held = new Map<string, Reason[]>();
  const open = facts.candidates.filter((candidate) => {
    const gates = gatesOf(candidate, facts.gates);
    if (gates.length) held.set(candidate.taskId, gates);
    return gates.length === 0;
  });
  const lines = lineUp(open);
  const load = createLoad(facts);
  const starts: string[] = [];
  let position = 0;
  for (let next = load.choose(lines); next; next = load.choose(lines)) {
    load.take(next);
    if (starts.length < facts.slots - facts.active.length) starts.push(next.taskId);
    else held.set(next.taskId, [noSlot(facts.slots, ++position)]);
  }
  for (const line of lines)
    for (const candidate of line.rest()) held.set(candidate.taskId, [capReason(load.fullCap(candidate))]);
  return { starts, held };
}

/** The gates that keep this task from starting. */
export const gatesOf = (task: Active, gates: readonly Gate[]): Reason[] =>
  gates
    .filter((gate) => covers(gate, task))
    .map(({ code, message, taskId, until }) => ({ code, message, ...(taskId && { taskId }), ...(until && { until }) }));

const covers = (scope: { projectId?: string; agent?: string }, task: Active): boolean =>
  (scope.projectId === undefined || scope.projectId === task.projectId) &&
  (scope.agent === undefined || scope.agent === task.agent);

/** The agents with which nothing of the project may start now, whatever its rank. */
export function heldAgents(
  projectId: string,
  { gates, caps, active }: Pick<ScheduleFacts, 'gates' | 'caps' | 'active'>,
): string[] {
  const isFull = (cap: Cap) => active.filter((task) => covers(cap, task)).length >= cap.limit;
  return [...gates, ...caps.filter(isFull)].flatMap(({ agent, ...scope }) =>
    agent !== undefined && (scope.projectId ?? projectId) === projectId ? [agent] : [],
  );
}

const ranks = { high: 0, medium: 1, low: 2 } as const;

/** Best first. Without what lies between projects. */
function compare(a: Candidate, b: Candidate): number {
  return (
    ranks[a.priority] - ranks[b.priority] ||
    b.unblocks - a.unblocks ||
    order(a.createdAt, b.createdAt) ||
    order(a.taskId, b.taskId)
  );
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The candidates of one project with one agent, best first: where the first may not start for a cap, none of them may. */
type Line = { head(): Candidate | undefined; shift(): void; rest(): Candidate[] };

function lineUp(candidates: readonly Candidate[]): Line[] {
  const lines = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = JSON.stringify([candidate.projectId, candidate.agent]);
    const line = lines.get(key);
    if (line) line.push(candidate);
    else lines.set(key, [candidate]);
  }
  return [...lines.values()].map((line) => {
    const sorted = line.sort(compare);
    let at = 0;
    return {
      head: () => sorted[at],
      shift: () => {
        at += 1;
      },
      rest: () => sorted.slice(at),
    };
  });
}

/** What is at work, and grows with each choice. */
function createLoad({ active, caps, lastStarts = new Map() }: ScheduleFacts) {
  const atWork = new Map<string, number>();
  const usedOf = new Map<Cap, number>(caps.map((cap) => [cap, 0]));
  const turns = new Map(lastStarts);
  let turn = Math.max(0, ...turns.values());
  const add = (task: Active) => {
    atWork.set(task.projectId, (atWork.get(task.projectId) ?? 0) + 1);
    for (const cap of caps) if (covers(cap, task)) usedOf.set(cap, (usedOf.get(cap) ?? 0) + 1);
  };
  for (const task of active) add(task);
  const fullCap = (task: Active) => caps.find((cap) => covers(cap, task) && (usedOf.get(cap) ?? 0) >= cap.limit);
  const before = (a: Candidate, b: Candidate): number =>
    a.projectId === b.projectId
      ? compare(a, b)
      : (atWork.get(a.projectId) ?? 0) - (atWork.get(b.projectId) ?? 0) ||
        ranks[a.priority] - ranks[b.priority] ||
        (turns.get(a.projectId) ?? 0) - (turns.get(b.projectId) ?? 0) ||
        compare(a, b);
  return {
    fullCap,
    /** The best that may start; it leaves its line. */
    choose(lines: readonly Line[]): Candidate | undefined {
      let best: Line | undefined;
      for (const line of lines) {
        const head = line.head();
        if (!head || fullCap(head)) continue;
        const leader = best?.head();
        if (!leader || before(head, leader) < 0) best = line;
      }
      const chosen = best?.head();
      best?.shift();
      return chosen;
    },
    take(task: Candidate): void {
      add(task);
      turns.set(task.projectId, ++turn);
    },
  };
}

const noSlot = (slots: number, position: number): Reason => ({
  code: 'no_slot',
  message: `${slots === 1 ? 'the only slot is' : `all ${slots} slots are`} in use; number ${position} in the queue`,
});

function capReason(cap: Cap | undefined): Reason {
  if (!cap) throw new Error('a candidate was left over without a cap that holds it');
  if (cap.reason) return cap.reason;
  const most = `at most ${cap.limit} at once`;
  if (cap.agent === undefined) return { code: 'project_cap', message: `the project runs ${most} (limits.slots)` };
  return { code: 'agent_cap', message: `the agent ${cap.agent} runs ${most} (limits.agentSlots)` };
}
