/**
 * A world for the scheduler: projects with graphs of tasks, agents that take their time, fail and crash, people who pause,
 * retry, skip and add. All of it follows from a seed. After each decision the rules are checked on the facts alone, by other
 * means than the scheduler's own; what is broken comes back as text.
 */
import type { Candidate, Cap, Gate, Schedule, ScheduleFacts } from '#src/domain/scheduler.ts';
import type { Priority } from '#src/domain/task.ts';

export type Scheduler = (facts: ScheduleFacts) => Schedule;

type State = 'waiting' | 'active' | 'completed' | 'failed';
type SimTask = Candidate & { dependencies: string[]; state: State; left: number; failures: number };
type World = {
  tasks: Map<string, SimTask>;
  slots: number;
  caps: Cap[];
  gates: Gate[];
  lastStarts: Map<string, number>;
};

const agents = ['alpha', 'beta', 'gamma'];
const priorities: Priority[] = ['high', 'medium', 'low'];
const longestRun = 3000;

/** What went wrong in this world, or undefined. */
export function simulate(seed: number, schedule: Scheduler): string | undefined {
  const random = createRandom(seed);
  const world = makeWorld(random);
  let turn = 0;
  for (let tick = 0; tick < longestRun; tick++) {
    if ([...world.tasks.values()].every(({ state }) => state === 'completed')) return undefined;
    const facts = factsOf(world);
    const decision = schedule(facts);
    const broken = findBroken(facts, decision);
    if (broken) return `tick ${tick}: ${broken}`;
    for (const id of decision.starts) {
      const task = world.tasks.get(id);
      if (!task) continue;
      task.state = 'active';
      task.left = random.whole(1, 8);
      world.lastStarts.set(task.projectId, ++turn);
    }
    passTime(world, random, tick);
  }
  const waiting = [...world.tasks.values()].filter(({ state }) => state !== 'completed');
  return `${waiting.length} tasks never ended: ${waiting[0]?.taskId} is ${waiting[0]?.state}`;
}

type Random = ReturnType<typeof createRandom>;

/** Mulberry32: small, the same everywhere. */
function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    chance: (part: number) => next() < part,
    whole: (from: number, to: number) => from + Math.floor(next() * (to - from + 1)),
    one: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
  };
}

function makeWorld(random: Random): World {
  const world: World = { tasks: new Map(), slots: random.whole(1, 8), caps: [], gates: [], lastStarts: new Map() };
  const projects = Array.from({ length: random.whole(1, 4) }, (_, at) => `p${at}`);
  for (const projectId of projects) {
    if (random.chance(0.4)) world.caps.push({ projectId, limit: random.whole(1, 4) });
    if (random.chance(0.3)) world.caps.push({ projectId, agent: random.one(agents), limit: random.whole(1, 2) });
    for (let left = random.whole(0, 15); left > 0; left--) addTask(world, random, projectId, 0);
  }
  if (random.chance(0.3)) world.caps.push({ agent: random.one(agents), limit: random.whole(1, 3) });
  return world;
}

function addTask(world: World, random: Random, projectId: string, tick: number): void {
  const others = [...world.tasks.values()].filter((task) => task.projectId === projectId).map((task) => task.taskId);
  const dependencies = others.length ? Array.from({ length: random.whole(0, 3) }, () => random.one(others)) : [];
  const taskId = `t${world.tasks.size}`;
  world.tasks.set(taskId, {
    taskId,
    projectId,
    agent: random.one(agents),
    priority: random.one(priorities),
    unblocks: 0,
    createdAt: `${String(tick).padStart(5, '0')}`,
    dependencies: [...new Set(dependencies)],
    state: 'waiting',
    left: 0,
    failures: 0,
  });
  for (const above of ancestors(world, taskId)) above.unblocks += 1;
}

function ancestors(world: World, taskId: string): SimTask[] {
  const found = new Set<SimTask>();
  const open = [taskId];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const dependency of world.tasks.get(id)?.dependencies ?? []) {
      const task = world.tasks.get(dependency);
      if (!task || found.has(task)) continue;
      found.add(task);
      open.push(dependency);
    }
  return [...found];
}

function factsOf(world: World): ScheduleFacts {
  const all = [...world.tasks.values()];
  const ready = (task: SimTask) => task.dependencies.every((id) => world.tasks.get(id)?.state === 'completed');
  return {
    candidates: all.filter((task) => task.state === 'waiting' && ready(task)),
    active: all.filter(({ state }) => state === 'active'),
    slots: world.slots,
    caps: world.caps,
    gates: world.gates,
    lastStarts: world.lastStarts,
  };
}

/** Work goes on, ends well or badly; workers crash and begin again; people come by. */
function passTime(world: World, random: Random, tick: number): void {
  const calm = tick > longestRun / 2; // from here on nothing more goes wrong, so everything must come to its end
  for (const task of world.tasks.values()) {
    if (task.state === 'active' && --task.left <= 0) {
      const fails = !calm && random.chance(0.15);
      task.state = fails ? 'failed' : 'completed';
    } else if (task.state === 'active' && !calm && random.chance(0.02)) task.left = random.whole(1, 8);
    else if (task.state === 'failed' && (calm || random.chance(0.2)))
      task.state = random.chance(0.3) ? 'completed' : 'waiting'; // a person skips it, or retries
  }
  if (calm) {
    world.gates = [];
    return;
  }
  if (random.chance(0.05)) world.gates.push(randomGate(world, random));
  if (random.chance(0.1)) world.gates.shift();
  if (random.chance(0.03)) world.slots = random.whole(1, 8);
  if (world.tasks.size && world.tasks.size < 80 && random.chance(0.1))
    addTask(world, random, random.one([...world.tasks.values()]).projectId, tick);
  if (world.tasks.size && random.chance(0.05)) random.one([...world.tasks.values()]).priority = random.one(priorities);
}

function randomGate(world: World, random: Random): Gate {
  const projectId = random.one(['p0', 'p1', [...world.tasks.values()][0]?.projectId ?? 'p2']);
  return random.one<Gate>([
    { code: 'disk_low', message: 'the disk is full' },
    { code: 'paused', message: 'paused', projectId },
    { code: 'breaker', message: 'the breaker is open', projectId, agent: random.one(agents) },
  ]);
}

/** Every rule, said again from the facts and the decision alone. */
function findBroken(facts: ScheduleFacts, { starts, held }: Schedule): string | undefined {
  const byId = new Map(facts.candidates.map((candidate) => [candidate.taskId, candidate]));
  const started = starts.flatMap((id) => byId.get(id) ?? []);
  if (started.length !== starts.length || new Set(starts).size !== starts.length)
    return `started what was not ready, or twice: ${starts}`;
  const left = facts.candidates.filter(({ taskId }) => !starts.includes(taskId));
  const lost = left.find(({ taskId }) => !held.get(taskId)?.length);
  if (lost) return `${lost.taskId} is neither started nor told why not`;
  if (held.size !== left.length) return 'a reason is told for a task that is no candidate';
  const after = [...facts.active, ...started];
  if (starts.length > 0 && after.length > facts.slots) return `${after.length} at work on ${facts.slots} slots`;
  const count = (cap: Cap, list: typeof after) => list.filter((task) => isIn(cap, task)).length;
  for (const cap of facts.caps)
    if (started.some((task) => isIn(cap, task)) && count(cap, after) > cap.limit)
      return `${count(cap, after)} at work under the cap ${JSON.stringify(cap)}`;
  const gated = started.find((task) => facts.gates.some((gate) => isIn(gate, task)));
  if (gated) return `${gated.taskId} started through a closed gate`;
  const capped = (task: Candidate) => facts.caps.some((cap) => isIn(cap, task) && count(cap, after) >= cap.limit);
  const able = left.filter((task) => !facts.gates.some((gate) => isIn(gate, task)) && !capped(task));
  if (able.length && after.length < facts.slots) return `a slot stays empty though ${able[0]?.taskId} could start`;
  return findUnjust(started, able, after);
}

function findUnjust(
  started: readonly Candidate[],
  able: readonly Candidate[],
  after: readonly { projectId: string }[],
): string | undefined {
  for (const waiting of able)
    for (const chosen of started) {
      if (chosen.projectId === waiting.projectId) {
        if (ranksBefore(waiting, chosen))
          return `${chosen.taskId} started before ${waiting.taskId}, which ranks higher`;
        continue;
      }
      const atWork = (projectId: string) => after.filter((task) => task.projectId === projectId).length;
      if (atWork(chosen.projectId) > atWork(waiting.projectId) + 1)
        return `${chosen.projectId} got a slot with ${atWork(chosen.projectId)} at work, ${waiting.projectId} waits with ${atWork(waiting.projectId)}`;
    }
  return undefined;
}

function ranksBefore(a: Candidate, b: Candidate): boolean {
  const key = (task: Candidate) => [priorities.indexOf(task.priority), -task.unblocks, task.createdAt, task.taskId];
  const [left, right] = [key(a), key(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at >= 0 && (left[at] as string | number) < (right[at] as string | number);
}

const isIn = (scope: { projectId?: string; agent?: string }, task: { projectId: string; agent: string }) =>
  (scope.projectId ?? task.projectId) === task.projectId && (scope.agent ?? task.agent) === task.agent;
