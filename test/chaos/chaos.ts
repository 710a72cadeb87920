/**
 * Chaos: a server that is a worker too and a second worker, two projects, always some graphs of tasks under way, and kill -9 at random on
 * all of them, their agents and their database. Afterwards every task must have been merged once, and `sentra doctor --verify` must find nothing.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from '#src/domain/task.ts';
import { startEmbedded } from '#src/store/postgres.ts';
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
const settleMs = 240_000;

/** `done.tasks`: how many there were so far. */
export type Backlog = { sentra: TestSentra; random: Random; projects: string[]; done: { tasks: number } };
type Chaos = ChaosOptions & Backlog & { worker: TestWorker; dataDir: string; done: ChaosResult };

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
  const chaos: Chaos = { ...options, sentra, worker: await startWorker(sentra), random, projects: [], dataDir, done };
  try {
    for (const remote of [false, true]) chaos.projects.push(await addProject(sentra, remote));
    for (let kill = 1; kill <= options.kills; kill++) {
      await feed(chaos);
      await sleep(random.whole(0, 700)); // the moment is what chaos is about
      await strike(chaos, random.pick(options.targets));
      if (kill % 10 === 0) options.say(`${kill} kills, ${done.tasks} tasks`);
    }
    done.problems.push(...(await settle(chaos)));
  } finally {
    await chaos.worker.end('SIGTERM');
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

/** A diamond of four tasks for each four that are missing. */
export async function feed({ sentra, random, projects, done }: Backlog): Promise<void> {
  const { client } = sentra;
  const key = `chaos-${done.tasks}`;
  const lists = (['pending', 'queued', 'running', 'blocked'] as const).map((status) =>
    client.listTasks({ query: { status, limit: 200 } }),
  );
  const open = await Promise.all(lists).catch(() => undefined); // the database is away
  if (!open || open.flatMap(({ items }) => items).length >= tasksUnderWay) return;
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
}

async function strike(chaos: Chaos, target: Target): Promise<void> {
  const { sentra, random, dataDir, done } = chaos;
  if (target === 'agent') {
    const agents = processesOf(sentra.home).filter((pid) => commandOf(pid).includes('agent.mjs'));
    if (agents.length === 0) return;
    end(random.pick(agents));
  }
  if (target === 'postgres') {
    const pid = Number(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
    end(pid);
    await until(
      () =>
        sentra.client.listProjects().then(
          () => true,
          () => false,
        ),
      60_000,
      () => `the database stayed away:\n${sentra.output()}`,
    );
  }
  if (target === 'server') await killServer(chaos);
  if (target === 'worker') {
    await chaos.worker.end('SIGKILL');
    chaos.worker = await startWorker(sentra);
  }
  done.kills[target] += 1;
}

/** Now and then it dies again while it starts. */
async function killServer({ sentra, random }: Chaos): Promise<void> {
  await sentra.kill();
  if (random.next() < 0.2) {
    const starting = sentra.restart().catch(() => {});
    await sleep(random.whole(100, 1500));
    await sentra.kill();
    await starting;
  }
  await sentra.restart();
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

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it ended at this moment
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself at this moment
  }
}
