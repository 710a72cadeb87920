/** Wires the real parts: the only file that knows every folder. `startSentra` is server and worker in one process. */
import path from 'node:path';
import { createAgents } from '#src/agents/registry.ts';
import { type Client, createClient } from '#src/client/client.ts';
import type { Config } from '#src/config.ts';
import { commandAgentPath, modelScriptPath } from '#src/demo/demo.ts';
import { createEngine, type Engine, launchEngine } from '#src/engine/engine.ts';
import { harmlessEnvironment } from '#src/environment/runner.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { ensureToken, ensureWorkerId, prepareHome, removeServer, writeServer } from '#src/home.ts';
import { createLogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { createEventBus, streamEvents } from '#src/logs/stream-events.ts';
import { streamLogs } from '#src/logs/stream-logs.ts';
import { createMcpHttpHandler } from '#src/mcp/http.ts';
import { openStore, type Store, superviseDatabase } from '#src/open-store.ts';
import { createHost } from '#src/orchestrator/host.ts';
import { createLifecycle } from '#src/orchestrator/lifecycle.ts';
import { createProjects } from '#src/orchestrator/projects.ts';
import { startReady } from '#src/orchestrator/ready.ts';
import { reconcileOnce, startReconciling } from '#src/orchestrator/reconcile.ts';
import { createTasks } from '#src/orchestrator/tasks.ts';
import { createViews } from '#src/orchestrator/views.ts';
import { createTaskWorktree, removeTaskWorktreeNow, restoreTaskWork } from '#src/orchestrator/worktrees.ts';
import { killAll } from '#src/process.ts';
import { endLeftovers } from '#src/sandbox/leftovers.ts';
import { removeStaleSocketFolders } from '#src/sandbox/sockets.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createHandlers } from '#src/server/handlers.ts';
import { type RunningServer, startServer } from '#src/server/server.ts';
import { createChanges } from '#src/store/change.ts';
import { takeWorkerLock } from '#src/store/worker-lock.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { createWorkflows } from '#src/workflows/registry.ts';
import { listSaved } from '#src/workflows/saved.ts';

export type Sentra = {
  url: string;
  token: string;
  client: Client;
  createLoginLink: RunningServer['createLoginLink'];
  /** Lets go of everything; what runs is taken up again at the next start. */
  stop(): Promise<void>;
};

const identity = { name: 'Sentra', email: 'sentra@localhost' };

/** Starts database, worker and server. `report` is told of what nobody expected, as one line. */
export async function startSentra(config: Config, report: (line: string) => void): Promise<Sentra> {
  prepareHome(config.home);
  setGitUserEnvironment(config.userEnv);
  const store = await openStore(config);
  try {
    return await startOn(store, config, report);
  } catch (e) {
    await store.database.close();
    const isOurs = !(e instanceof SentraError && e.code === 'conflict'); // else another Sentra is at work on it
    if (isOurs && store.embedded?.how !== 'adopted') await store.embedded?.stop();
    throw e;
  }
}

async function startOn(store: Store, config: Config, report: (line: string) => void): Promise<Sentra> {
  const token = ensureToken(config.home);
  const workerId = ensureWorkerId(config.home);
  const lock = await takeWorkerLock(store.database.url, workerId, () => {
    report(`Another Sentra took over ${config.home} while the database was away; this one stops.`);
    killAll();
    process.exit(75);
  });
  if (!lock)
    throw new SentraError(
      'conflict',
      `Sentra is running already with ${config.home}; \`npx sentra open\` prints its link.`,
    );
  await removeStaleSocketFolders();
  const leftovers = await endLeftovers(path.join(config.home, 'homes'));
  if (leftovers) report(`Ended ${leftovers} processes that an earlier Sentra had left at work.`);
  const ending = new AbortController();
  superviseDatabase(store, report, ending.signal);
  const databaseUrl = store.database.url;
  const engine = await createEngine({ databaseUrl, pool: store.database.pool });
  const { parts, bus, agents } = createParts(config, store, engine, token);
  const { handlers, lifecycle } = createApi(config, parts, engine, store);
  const client = createClient({ url: 'http://sentra', token, fetch: (request) => inside(request) });
  const server = await startServer({
    handlers,
    auth: { token },
    host: config.host,
    port: config.port,
    webRoot: path.join(config.root, 'dist'),
    logStream: (options) => streamLogs({ db: store.database.db, logs: parts.logs }, options),
    eventStream: (options) => streamEvents({ db: store.database.db, bus }, options),
    mcp: createMcpHttpHandler(client, config.version),
    version: config.version,
    onRequestError: (e) => report(`A request failed: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`),
  });
  // The MCP tools go through the same door as everybody: the HTTP API, with its checks.
  const inside = (request: Request) => fetch(new Request(request.url.replace('http://sentra', server.url), request));
  // Last of what can fail: a start that gives up must not have cut off what it had resumed.
  await launchEngine({ databaseUrl, workerId, slots: config.slots, workflows: createWorkflows(parts) });
  startReady(
    {
      database: store.database,
      lifecycle,
      bus,
      onError: (e) => report(`Starting ready tasks failed: ${messageOf(e)}`),
    },
    ending.signal,
  );
  startReconciling(parts, (message) => report(`Clean-up: ${message}`), ending.signal);
  writeServer(config.home, { url: server.url, pid: process.pid });
  return {
    url: server.url,
    token,
    client,
    createLoginLink: server.createLoginLink,
    stop: async () => {
      engine.hold(); // first: what the kill below cuts off must run again, not count as failed
      ending.abort();
      killAll();
      removeServer(config.home);
      await server.close();
      await parts.logs.close();
      await agents.close();
      await parts.sandbox.close();
      await lock.release();
      await store.embedded?.stop();
    },
  };
}

function createParts(config: Config, { database, embedded }: Store, engine: Engine, token: string) {
  const bus = createEventBus();
  const sandbox = createSandbox({ stateDir: config.home, hidden: embedded ? [embedded.place] : [] });
  const agents = createAgents({
    sandbox,
    model: config.model,
    demoScriptPath: modelScriptPath,
    more: {
      'demo-command': { kind: 'command', command: [process.execPath, commandAgentPath, modelScriptPath] },
    },
  });
  const secrets = [token, config.model.credential?.secret ?? ''].filter(Boolean);
  const level = config.logLevel;
  const parts: Parts = {
    database,
    changes: createChanges(database, bus.publish),
    logs: createLogPipeline({
      database,
      redact: createRedactor(secrets),
      ...(level === 'silent'
        ? {}
        : { echo: { level, write: (line) => process.stderr.write(`[${line.taskId}] ${line.message}\n`) } }),
    }),
    agents,
    sandbox,
    engine,
    home: config.home,
    identity,
    baseEnv: harmlessEnvironment(config.userEnv),
  };
  return { parts, bus, agents };
}

function createApi(config: Config, parts: Parts, engine: Engine, { embedded }: Store) {
  const { database, changes, sandbox, agents } = parts;
  const { home, version, slots } = config;
  const lifecycle = createLifecycle({ database, changes, engine });
  const handlers = createHandlers({
    database,
    lifecycle,
    projects: createProjects({ database, changes }),
    tasks: createTasks({ database, changes }),
    views: createViews({ database, slots }),
    host: createHost({
      database,
      sandbox,
      agents,
      version,
      home,
      slots,
      databasePlace: embedded
        ? { kind: 'embedded', place: embedded.place }
        : { kind: 'external', place: new URL(database.url).host },
    }),
    createWorktree: (taskId, branchName) => createTaskWorktree(parts, taskId, branchName),
    removeWorktree: (taskId) => removeTaskWorktreeNow(parts, taskId),
    restoreWork: (taskId, file) => restoreTaskWork(parts, taskId, file),
    cleanUp: (dryRun) => reconcileOnce(parts, { dryRun, requested: true, onError: () => {} }), // told in the findings
    listSaved: () => listSaved(home),
  });
  return { handlers, lifecycle };
}
