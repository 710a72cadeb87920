/**
 * Sentra with runs that do nothing but begin and end: what is left is the queue. A process of its own for bench/queue.ts,
 * which asks it over IPC what it costs.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readConfig } from '#src/config.ts';
import { runsQueue } from '#src/engine/engine.ts';
import { step } from '#src/engine/step.ts';
import { startSentra } from '#src/start.ts';
import { getRunRow, setRunStatus } from '#src/store/runs.ts';
import { decide, markStarted } from '#src/store/tasks.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { createWorkflows } from '#src/workflows/registry.ts';

export type Question = 'floor' | 'reset' | 'costs';
export type Costs = { rssBytes: number; lagP99Ms: number; lagMaxMs: number };

const floorJobs = 1000;
let floorDone = 0;
let parts: Parts | undefined;

const noRun =
  ({ database, changes }: Parts) =>
  async ({ adwId }: { adwId: string }): Promise<void> => {
    const taskId = await step('begin', async () => {
      const run = await getRunRow(database.db, adwId);
      await changes.change(async ({ tx, touch }) => {
        await setRunStatus(tx, adwId, 'running');
        await markStarted(tx, run.taskId);
        touch(run.taskId);
      });
      return run.taskId;
    });
    await step('end', () =>
      changes.change(async ({ tx, touch }) => {
        await setRunStatus(tx, adwId, 'completed');
        await decide(tx, taskId, 'endedWithoutChangesAt');
        touch(taskId);
      }),
    );
  };

/** The same steps and nothing in them: what the durable engine alone takes for a job. */
const noJob = async (): Promise<void> => {
  await step('begin', async () => {});
  await step('end', async () => {});
  floorDone += 1;
};

const sentra = await startSentra(readConfig(), {
  roles: ['server', 'worker'],
  report: (line) => console.error(line),
  workflowsOf: (made) => {
    parts = made;
    return { ...createWorkflows(made), full_sdlc: noRun(made), floor: noJob };
  },
});

const lag = monitorEventLoopDelay({ resolution: 5 });
lag.enable();

async function runFloor(): Promise<number> {
  const { database, engine } = parts as Parts;
  const begun = performance.now();
  const first = floorDone;
  await database.transaction(async (_, client) => {
    for (let at = 0; at < floorJobs; at++)
      await engine.enqueue(client, {
        id: `floor:${begun}:${at}`,
        workflow: 'floor',
        queue: runsQueue(sentra.workerId),
        input: null,
      });
  });
  while (floorDone < first + floorJobs) await new Promise((done) => setTimeout(done, 10));
  return (performance.now() - begun) / floorJobs;
}

const toMs = (nanoseconds: number) => nanoseconds / 1e6;
const answers: Record<Question, () => unknown> = {
  floor: runFloor,
  reset: () => lag.reset(),
  costs: (): Costs => ({
    rssBytes: process.memoryUsage().rss,
    lagP99Ms: toMs(lag.percentile(99)),
    lagMaxMs: toMs(lag.max),
  }),
};
process.on('message', async (question: Question) => process.send?.({ question, answer: await answers[question]() }));
process.once('SIGTERM', () => void sentra.stop().then(() => process.exit(0)));
process.send?.({ question: 'ready', answer: { url: sentra.server?.url, token: sentra.server?.token } });
