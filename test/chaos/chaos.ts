/**
 * Chaos: a server that is a worker too and a second worker, two projects, always some graphs of tasks under way, and kill -9 at random on
 * all of them, their agents and their database. Afterwards every task must have been merged once, and `sentra doctor --verify` must find nothing.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { readProc } from '../helpers/alive.ts';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until } from '../helpers/sentra.ts';
import { processesOf } from '../helpers/survival.ts';
import { shortLease, startWorker, type TestWorker } from '../helpers/worker.ts';
import { createRandom, type Random } from './random.ts';

export const targets = ['server', 'worker', 'agent', 'postgres'] as const;
export type Target = (typeof targets)[number];

export type ChaosOptions = { kills: number; targets: readonly Target[]; seed: number; say: (line: string) => void };
export type ChaosResult = { kills: Record<Target, number>; tasks: number; problems: string[]; seconds: number };

const tasksUnderWay = 8;
const mostBetweenMs = 500;
/** The first kill of so many comes when all is at work; the others where the last one's victim may be on its way back. */
const killsInRow = 6;
/** So long one that is to be killed is waited for. */
const mostForAgentMs = 1_500;
/** A task whose agents were killed five times in a phase has failed, and rightly so. */
const mostHits = 4;
const mostProblems = 5;
const settleMs = 240_000;

/** `done.tasks`: how many there were so far. */
export type Backlog = { sentra: TestSentra; random: Random; projects: string[]; done: { tasks: number } };
/** `server` resolves when it is at work again, or killed again; `starting` the same of the worker, while there is no `worker`. */
type Chaos = ChaosOptions &
  Backlog & {
    server: Promise<void>;
    worker: TestWorker | undefined;
    starting: Promise<void>;
    dataDir: string;
    /** How often an agent of a task was killed in a phase. */
    hits: Map<string, number>;
    done: ChaosResult;
  };

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const began = performance.now();
  const sentra = await startTestSentra({ main: shortLease });
  const done: ChaosResult = {
    kills: { server: 0, worker: 0, agent: 0, postgres: 0 },
    tasks: 0,
    problems: [],
    seconds: 0,
  };
  const { dataDir } = await startEmbedded({ home: sentra.home });
  const random = createRandom(options.seed);
  const [server, starting] = [Promise.resolve(), Promise.resolve()];
  const worker = await startWorker(sentra);
  const hits = new Map();
  const chaos: Chaos = { ...options, sentra, server, worker, starting, random, projects: [], dataDir, hits, done };
  try {
    for (const remote of [false, true]) chaos.projects.push(await addProject(sentra, remote));
    for (let kill = 1; kill <= options.kills; kill++) {
      if (kill % killsInRow === 1) await recover(chaos);
      else await feed(chaos);
      await sleep(random.whole(0, mostBetweenMs)); // the moment is what chaos is about
      await strike(chaos);
      if (kill % 10 === 0) options.say(`${kill} kills, ${done.tasks} tasks`);
    }
    await Promise.all([chaos.server, chaos.starting]);
    done.problems.push(...(await settle(chaos)));
  } finally {
    await Promise.allSettled([chaos.server, chaos.starting]); // what failed has failed the run already
    await chaos.worker?.end('SIGTERM');
    await sentra.stop();
  }
  done.problems.push(...(await findOrphans(sentra)));
  done.seconds = Math.round((performance.now() - began) / 1000);
  return done;
}

export async function addProject({ client }: TestSentra, remote: boolean, modes = 'breathes'): Promise<string> {
  const config = agentConfig(modes, { merge: 'auto', limits: { agentAttempts: 5 } });
  return (await client.addProject({ body: { path: makeRepository({ config, remote }).path } })).id;
}

/** Kills that follow one another too fast would meet no work at all. */
async function recover(chaos: Chaos): Promise<void> {
  await Promise.all([chaos.server, chaos.starting]);
  await until(
    () => feed(chaos),
    60_000,
    () => `the server does not answer:\n${chaos.sentra.output()}`,
  );
}

/** A diamond of four tasks for each four that are missing. Answers whether it was told how many are. */
export async function feed({ sentra, random, projects, done }: Backlog): Promise<boolean> {
  const { client } = sentra;
  const key = `chaos-${done.tasks}`;
  const lists = (['pending', 'queued', 'running', 'blocked'] as const).map((status) =>
    client.listTasks({ query: { status, limit: 200 } }),
  );
  const open = await Promise.all(lists).catch(() => undefined); // the database is away
  if (!open) return false;
  if (open.flatMap(({ items }) => items).length >= tasksUnderWay) return true;
  const task = (name: string, dependencies: string[]) => ({
    key: name,
    title: `${name} of ${key}`,
    dependencies,
    autoStart: true,
  });
  const tasks = [task('a', []), task('b', ['a']), task('c', ['a']), task('d', ['b', 'c'])];
  const body = { projectId: random.pick(projects), tasks };
  const made = await client.createTasks({ body }, { idempotencyKey: key }).catch(() => undefined);
  if (made) done.tasks += made.items.length;
  return made !== undefined;
}

/** What it kills comes back while the next kill is under way already, as far as it is not killed again meanwhile. */
async function strike(chaos: Chaos): Promise<void> {
  let target = chaos.random.pick(chaos.targets);
  await until(
    async () => {
      if (await strikes[target](chaos)) return true;
      target = chaos.random.pick(chaos.targets);
      return false;
    },
    60_000,
    () => `there was nothing to kill of ${chaos.targets.join(', ')}:\n${chaos.sentra.output()}`,
  );
  chaos.done.kills[target] += 1;
}

/** Each answers whether there was something to kill. */
const strikes: Record<Target, (chaos: Chaos) => Promise<boolean>> = {
  async agent({ sentra, random, hits }) {
    const countOf = (pid: number) => hits.get(workOf(pid)) ?? 0;
    for (const until = Date.now() + mostForAgentMs; Date.now() < until; await sleep(50)) {
      const agents = processesOf(sentra.home).filter((pid) => commandOf(pid).includes('agent.mjs'));
      const spared = agents.filter((pid) => countOf(pid) < mostHits);
      if (spared.length === 0) continue;
      const pid = random.pick(spared);
      hits.set(workOf(pid), countOf(pid) + 1);
      return end(pid);
    }
    return false;
  },
  async postgres({ dataDir }) {
    const [pid] = await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').then(
      (text) => text.split('\n').map(Number),
      () => [], // it is on its way back
    );
    return pid !== undefined && commandOf(pid).includes(dataDir) && end(pid);
  },
  async server(chaos) {
    const { sentra } = chaos;
    await sentra.kill();
    await chaos.server; // it was on its way back, and gives up
    await sentra.kill();
    chaos.server = comeBack(chaos, () => sentra.restart());
    chaos.server.catch(() => {}); // whoever waits for it is told
    return true;
  },
  async worker(chaos) {
    const { sentra, worker } = chaos;
    if (!worker) return false; // it is on its way back
    chaos.worker = undefined;
    await worker.end('SIGKILL');
    chaos.starting = comeBack(chaos, async () => {
      chaos.worker = await startWorker(sentra);
    });
    chaos.starting.catch(() => {}); // whoever waits for it is told
    return true;
  },
};

/**
 * As a supervisor does: started again where the database was killed while it started. What else keeps it from starting is a problem; it
 * is tried again all the same, so that one run finds all that there are. One that was killed itself is left.
 */
async function comeBack({ done }: Pick<Chaos, 'done'>, start: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await start();
    } catch (e) {
      const message = messageOf(e);
      if (/ended with SIGKILL/.test(message)) return;
      if (!/The database does not answer/.test(message)) done.problems.push(message);
      if (done.problems.length > mostProblems) throw e;
    }
  }
}

/** Lets everything come to its end; answers what is wrong then. */
export async function settle({ sentra }: Pick<Backlog, 'sentra'>): Promise<string[]> {
  const { client } = sentra;
  const listAll = async () => {
    const items = [];
    for (let cursor: string | undefined; ; ) {
      const page = await client.listTasks({ query: { limit: 200, ...(cursor ? { cursor } : {}) } });
      items.push(...page.items);
      cursor = page.nextCursor;
      if (!cursor) return items;
    }
  };
  let tasks: Task[] = [];
  // Behind one that failed the others stay blocked: when nothing else is left, that is the end of them all.
  const isOver = (status: string) => ['completed', 'failed', 'blocked'].includes(status);
  await until(
    async () => {
      tasks = await listAll().catch(() => tasks); // the last kill may have been the database's
      return tasks.length > 0 && tasks.every(({ status }) => isOver(status));
    },
    settleMs,
    () =>
      tasks
        .filter(({ status }) => !isOver(status))
        .map((t) => `${t.id} stayed ${t.status}: ${t.error?.message ?? t.notice ?? ''}`)
        .join('\n'),
  );
  const failed = tasks.filter(({ status }) => status !== 'completed');
  let verification = await client.verify();
  for (let look = 0; look < 10 && !verification.ok; look++) {
    await sleep(500); // the last clean-ups
    verification = await client.verify();
  }
  return [
    ...(await Promise.all(failed.map((task) => explain(client, task)))),
    ...verification.checks.flatMap(({ name, problems }) =>
      problems.map((problem) => `not true that ${name}: ${problem}`),
    ),
  ];
}

/** With the warnings and errors of its log, by which one finds out why. */
async function explain(client: TestSentra['client'], { id, status, error }: Task): Promise<string> {
  const query = { level: 'warn,error', order: 'desc', limit: 12 } as const;
  const { items } = await client.listLogs({ params: { taskId: id }, query });
  const lines = items.map(({ seq, phase, message }) => `    ${seq} ${phase ?? ''} ${message.split('\n', 1)[0]}`);
  return [`${id} is ${status}: ${error?.message ?? 'no error is known'}`, ...lines.reverse()].join('\n');
}

export async function findOrphans({ home }: TestSentra): Promise<string[]> {
  return processesOf(home).map((pid) => `process ${pid} is left: ${commandOf(pid)}`);
}

const commandOf = (pid: number): string => readProc(`${pid}/cmdline`).replaceAll('\0', ' ');

/** Task and phase that an agent works for. */
const workOf = (pid: number): string =>
  readProc(`${pid}/environ`)
    .split('\0')
    .filter((entry) => /^(TASK_ID|PHASE)=/.test(entry))
    .sort()
    .join(' ');

function end(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it ended by itself at this moment
  }
}
