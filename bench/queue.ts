/**
 * The queue alone: a batch of tasks in a graph, claimed, run without doing anything, and completed, while somebody looks at
 * the list. What it costs beyond the durable engine's own jobs is ours.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createClient } from '#src/client/client.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { makeRepository } from '../test/helpers/repository.ts';
import { makeHome, sentraEnv } from '../test/helpers/sentra.ts';
import type { Benchmark } from './benchmark.ts';
import type { Costs, Question } from './queue-server.ts';

const slots = 20;

export const queue: Benchmark = {
  name: 'queue',
  title: 'ten thousand tasks from one batch to completed with nothing to do, against the durable engine alone',
  async measure(say, option = '10000') {
    const count = Number(option);
    const home = makeHome();
    const server = await launch(home);
    try {
      const floorMs = await server.ask<number>('floor');
      say(`the engine alone takes ${floorMs.toFixed(1)} ms a job at ${slots} at once`);
      const client = createClient(server);
      const project = await client.addProject({ body: { path: makeRepository().path } });
      await client.patchProject({ params: { id: project.id }, body: { paused: true } });
      const before = performance.now();
      await client.createTasks({ body: { projectId: project.id, tasks: makeTasks(count) } });
      const createMs = performance.now() - before;
      say(`created ${count} in ${createMs.toFixed(0)} ms`);
      await server.ask('reset');
      const begun = performance.now();
      await client.patchProject({ params: { id: project.id }, body: { paused: false } });
      const lists: number[] = [];
      let peakBytes = 0;
      for (let left = count; left > 0; ) {
        const asked = performance.now();
        await client.listTasks({ query: { projectId: project.id } });
        lists.push(performance.now() - asked);
        const counts = (await client.getProject({ params: { id: project.id } })).counts;
        left = count - (counts.completed ?? 0);
        peakBytes = Math.max(peakBytes, (await server.ask<Costs>('costs')).rssBytes);
        await sleep(100);
      }
      const drainMs = performance.now() - begun;
      const costs = await server.ask<Costs>('costs');
      const claim = await readClaims(home);
      const perTask = drainMs / count;
      say(`drained in ${(drainMs / 1000).toFixed(1)} s: ${(1000 / perTask).toFixed(0)} tasks a second`);
      say(
        `claim p95 ${claim.p95.toFixed(0)} ms (slot given until begun), list p95 ${p95(lists).toFixed(0)} ms of ${lists.length}`,
      );
      say(
        `event loop p99 ${costs.lagP99Ms.toFixed(0)} ms, worst ${costs.lagMaxMs.toFixed(0)} ms; memory at most ${(peakBytes / 2 ** 20).toFixed(0)} MB`,
      );
      return {
        name: 'queue',
        value: round(perTask),
        unit: 'ms',
        floor: round(floorMs),
        ratio: round(perTask / floorMs),
        runs: 1,
        tasks: count,
        createMs: Math.round(createMs),
        claimP95Ms: round(claim.p95),
        listP95Ms: round(p95(lists)),
        lagP99Ms: round(costs.lagP99Ms),
        rssBytes: peakBytes,
      };
    } finally {
      await server.stop();
      await (await startEmbedded({ home })).stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

/** Layers of a hundred, each task behind one of the layer before it and one further back. */
const makeTasks = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    key: `k${at}`,
    title: `Task ${at}`,
    autoStart: true,
    dependencies: at < 100 ? [] : [...new Set([`k${at - 100}`, `k${(at * 7919) % at}`])],
  }));

async function launch(home: string) {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'queue-server.ts')], {
    env: sentraEnv(home, { SENTRA_SLOTS: String(slots) }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  const answerOf = <T>(question: string): Promise<T> =>
    Promise.race([
      hear<T>(child, question),
      gone.then((): never => {
        throw new Error(`the server of the benchmark ended before it answered ${question}`);
      }),
    ]);
  const { url, token } = await answerOf<{ url: string; token: string }>('ready');
  return {
    url,
    token,
    ask<T>(question: Question): Promise<T> {
      child.send(question);
      return answerOf<T>(question);
    },
    async stop() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

const hear = <T>(child: ChildProcess, question: string): Promise<T> =>
  new Promise((done) => {
    const listen = (message: unknown) => {
      const said = message as { question: string; answer: T };
      if (said.question !== question) return;
      child.off('message', listen);
      done(said.answer);
    };
    child.on('message', listen);
  });

/** From the moment a task got its slot until its run began. */
async function readClaims(home: string): Promise<{ p95: number }> {
  const client = new pg.Client({ connectionString: (await startEmbedded({ home })).url });
  await client.connect();
  const { rows } = await client.query(
    `select percentile_cont(0.95) within group (order by extract(epoch from started_at - dispatched_at) * 1000) as p95
      from sentra.runs`,
  );
  await client.end();
  return { p95: Number(rows[0].p95) };
}

const p95 = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? 0;
const round = (value: number) => Math.round(value * 10) / 10;
