/** Tasks in a real database, as the server keeps them, with nothing at work: a test moves the runs along by itself. */

import { createAgents } from '#src/agents/registry.ts';
import { modelScriptPath } from '#src/demo/demo.ts';
import type { Gate } from '#src/domain/scheduler.ts';
import type { RunStatus } from '#src/domain/workflow.ts';
import { createEngine } from '#src/engine/engine.ts';
import { createLifecycle } from '#src/orchestrator/lifecycle.ts';
import { createProjects } from '#src/orchestrator/projects.ts';
import { startReadyOnce } from '#src/orchestrator/ready.ts';
import { createTasks } from '#src/orchestrator/tasks.ts';
import { createViews } from '#src/orchestrator/views.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createChanges } from '#src/store/change.ts';
import { findActiveRun, setRunStatus } from '#src/store/runs.ts';
import { decide, getTask } from '#src/store/tasks.ts';
import { registerWorker } from '#src/store/workers.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { makeFolder, makeRepository } from '../helpers/repository.ts';

export type Board = Awaited<ReturnType<typeof openBoard>>;

export async function openBoard() {
  const { database, drop } = await createTestDatabase();
  const engine = await createEngine(database);
  const changes = createChanges(database, () => {});
  const agents = createAgents({
    sandbox: createSandbox({ stateDir: makeFolder('state') }),
    model: { baseUrl: 'http://127.0.0.1:1', credential: null },
    demoScriptPath: modelScriptPath,
  });
  const tasks = createTasks({ database, changes, agents });
  const host = { count: 1, closed: [] as Gate[], slots: () => host.count, gates: () => host.closed };
  const projects = createProjects({ database, changes });
  const lastStarts = new Map<string, number>();
  return {
    database,
    drop,
    changes,
    tasks,
    host,
    projects,
    lifecycle: createLifecycle({ database, changes, engine }),
    views: createViews({ database, host }),
    /** No project, no task, one slot. */
    async clear(): Promise<void> {
      await database.pool.query('truncate sentra.projects cascade');
      Object.assign(host, { count: 1, closed: [] });
    },
    async addProject(config: object = {}) {
      return projects.add({ path: makeRepository({ config }).path });
    },
    /** One look at the queue; answers the titles of what started, in the order of the ranks. */
    async look(): Promise<string[]> {
      await registerWorker(database.db, { id: 'worker-board', host: 'here', pid: process.pid, slots: 1000 });
      const started = await startReadyOnce({ database, changes, engine, host, lapseMs: 60_000 }, lastStarts);
      return Promise.all(started.map(async (id) => (await getTask(database.db, id)).title));
    },
    statusOf: async (id: string) => (await getTask(database.db, id)).status,
    /** Ends the run of a task as a worker would; `merged` stands for a pull request that a person merged. */
    async end(id: string, status: RunStatus | 'merged'): Promise<void> {
      await changes.change(async ({ tx, touch }) => {
        const run = await findActiveRun(tx, id);
        if (!run) throw new Error(`${id} has no active run`);
        const failure = { code: 'agent_failed' as const, message: 'The agent gave up.' };
        await setRunStatus(
          tx,
          run.adwId,
          status === 'merged' ? 'completed' : status,
          status === 'failed' ? failure : null,
        );
        if (status === 'merged') await decide(tx, id, 'endedWithoutChangesAt');
        touch(id);
      });
    },
  };
}
