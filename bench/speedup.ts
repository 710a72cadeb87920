/**
 * A project of two hundred tasks in a graph, from the first start to the last merge, on fifteen slots with agents that mostly
 * sleep. The floor is what a perfect scheduler would have needed for the same tasks with the durations measured in this run: a task
 * has its slot until its run ends, and what depends on it may begin when it is merged.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeRepository } from '../test/helpers/repository.ts';
import { product, startTestSentra, type TestSentra } from '../test/helpers/sentra.ts';
import { startWorker } from '../test/helpers/worker.ts';
import type { Benchmark, Result } from './benchmark.ts';
import { listSchedule, type Scheduled } from './list-schedule.ts';

const slots = 15;
/** Of a task: three sessions and the tests. */
const sleepSeconds = 2;

export const speedup = speedupOn('speedup', 1);
export const speedupWorkers = speedupOn('speedup-workers', 2);

/** The server is the first of the workers. */
function speedupOn(name: string, workers: 1 | 2): Benchmark {
  const where = workers === 1 ? 'on fifteen slots' : 'on fifteen slots of two worker processes';
  return {
    name,
    title: `two hundred tasks in a graph ${where}, against a perfect schedule of the same durations`,
    async measure(say, option = '200') {
      const own = Math.ceil(slots / workers);
      const sentra = await startTestSentra({ env: slotsOf(own) });
      const second =
        workers === 2 ? await startWorker(sentra, { env: slotsOf(slots - own), main: product }) : undefined;
      try {
        return await measureOn(sentra, { name, count: Number(option), say });
      } finally {
        await second?.end('SIGTERM');
        await sentra.stop();
      }
    },
  };
}

const slotsOf = (count: number) => ({ SENTRA_SLOTS: String(count), SENTRA_TEST_SLOTS: String(count) });

type Wanted = { name: string; count: number; say: (line: string) => void };

async function measureOn(sentra: TestSentra, { name, count, say }: Wanted): Promise<Result> {
  const tasks = makeTasks(count);
  const { path } = makeRepository({ config, files: { 'agent.mjs': agent } });
  const { client } = sentra;
  const project = await client.addProject({ body: { path } });
  const begun = performance.now();
  const { items } = await client.createTasks({ body: { projectId: project.id, tasks } });
  const ids = new Map(items.map(({ key, id }) => [key, id]));
  await waitForAll(sentra, project.id, items.length);
  say(`${items.length} tasks in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  const measured = await readDurations(sentra, [...ids.values()]);
  const plan = (timesOf: (id: string) => Times) =>
    listSchedule(
      tasks.map(({ key, dependencies }) => ({ id: key, dependencies, ...timesOf(ids.get(key) ?? '') })),
      slots,
    );
  const floor = plan((id) => measured.times.get(id) ?? none);
  const unmerged = plan((id) => slotOnly(measured.times.get(id) ?? none));
  const asleep = plan(() => slotOnly({ ...none, held: 4 * sleepSeconds * 1000 }));
  const ratio = measured.makespan / floor;
  say(`makespan ${seconds(measured.makespan)}, perfect for the same durations ${seconds(floor)}: ${ratio.toFixed(3)}`);
  say(`from the end of a run to its merge ${measured.mergeMs.toFixed(0)} ms in the middle`);
  say(`perfect if merges took no time ${seconds(unmerged)}: ${(measured.makespan / unmerged).toFixed(2)} times`);
  say(`perfect for the sleeps alone ${seconds(asleep)}: ${(measured.makespan / asleep).toFixed(2)} times`);
  return {
    name,
    value: Math.round(measured.makespan),
    unit: 'ms',
    floor: Math.round(floor),
    ratio: Math.round(ratio * 1000) / 1000,
    runs: 1,
    tasks: items.length,
    sleepsMs: Math.round(asleep),
  };
}

/** In ms: how long it had its slot, and from its start to its merge. */
type Times = Pick<Scheduled, 'held' | 'duration'>;
const none: Times = { held: 0, duration: 0 };
const slotOnly = ({ held }: Times): Times => ({ held, duration: held });

/** Ten strands that begin apart; each task waits for one or two of its own strand, every seventh for one of another as well. */
function makeTasks(count: number) {
  const strands = 10;
  return Array.from({ length: count }, (_, at) => {
    const own = [at - strands, at % 3 === 0 ? at - 2 * strands : -1];
    const other = at % 7 === 0 ? at - strands - 3 : -1;
    // Half of each strand's tasks stand side by side, so that there is work for every slot.
    const wanted = at % 2 === 0 ? [...own, other] : [at - 3 * strands];
    const dependencies = [...new Set(wanted.filter((before) => before >= 0))].map((before) => `k${before}`);
    return { key: `k${at}`, title: `Task ${at}`, autoStart: true, dependencies };
  });
}

const agent = `import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const { PHASE, SENTRA_RESULT, TASK_ID } = process.env;
await sleep(${sleepSeconds * 1000});
const answers = { PLAN: { plan: '1. Write a file called after the task, with one line.\\n2. Run the tests.' }, CODE: {}, REVIEW: { verdict: 'approve' } };
if (PHASE === 'CODE') writeFileSync(TASK_ID + '.txt', 'written\\n');
writeFileSync(SENTRA_RESULT, JSON.stringify(answers[PHASE]));
`;

const config = {
  test: `sleep ${sleepSeconds}`,
  merge: 'auto',
  agents: { default: 'sleeper', sleeper: { kind: 'command', command: ['node', 'agent.mjs'] } },
};

async function waitForAll({ client }: TestSentra, projectId: string, count: number): Promise<void> {
  for (;;) {
    const { counts } = await client.getProject({ params: { id: projectId } });
    if ((counts.completed ?? 0) === count) return;
    if (counts.failed) {
      const { items } = await client.listTasks({ query: { projectId, status: 'failed' } });
      throw new Error(`${counts.failed} tasks failed, one with: ${items[0]?.error?.message}`);
    }
    await sleep(1000);
  }
}

/** What each took, and how long all took from the first start to the last merge. */
async function readDurations({ client }: TestSentra, ids: readonly string[]) {
  const times = new Map<string, Times>();
  const merges: number[] = [];
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const id of ids) {
    const [run] = (await client.listRuns({ params: { id } })).items;
    const merged = Date.parse((await client.getTask({ params: { id } })).completedAt ?? '');
    const [from, to] = [Date.parse(run?.startedAt ?? ''), Date.parse(run?.endedAt ?? '')];
    times.set(id, { held: to - from, duration: merged - from });
    merges.push(merged - to);
    first = Math.min(first, from);
    last = Math.max(last, merged);
  }
  return { times, makespan: last - first, mergeMs: merges.sort((a, b) => a - b)[merges.length >> 1] ?? 0 };
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
