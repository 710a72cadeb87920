/**
 * Starts what a process of Sentra is: a server (API and page), a worker (runs, clean-up, worktrees ahead), or both, on one database. They
 * know of each other through the database alone.
 */

import path from 'node:path';
import { analyze } from '#src/analyst/analyze.ts';
import { type Client, createClient } from '#src/client/client.ts';
import { createApi, createParts, createRunViews, secretsOf, watchHost, withoutRepeats } from '#src/compose.ts';
import type { Config } from '#src/config.ts';
import { defaultLease, type Lease } from '#src/domain/worker.ts';
import { createEngine, launchEngine } from '#src/engine/engine.ts';
import { messageOf, SentraError, stackOf } from '#src/errors.ts';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import {
  ensureToken,
  ensureWorkerId,
  findServer,
  findToken,
  prepareHome,
  removeServer,
  writeServer,
} from '#src/home.ts';
import { watchDiskRoom } from '#src/logs/disk-room.ts';
import { createLogFeeds } from '#src/logs/log-feed.ts';
import { createLogIndex } from '#src/logs/log-index.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { streamEvents } from '#src/logs/stream-events.ts';
import { streamLogs } from '#src/logs/stream-logs.ts';
import { createMcpHttpHandler } from '#src/mcp/http.ts';
import { openStore, type Store, superviseDatabase } from '#src/open-store.ts';
import { accessOfSecret } from '#src/orchestrator/access-tokens.ts';
import { startForgePolls } from '#src/orchestrator/forge-poll.ts';
import { takeWebhook } from '#src/orchestrator/forge-webhook.ts';
import { decideSlots } from '#src/orchestrator/host.ts';
import { readMetrics } from '#src/orchestrator/metrics.ts';
import { endOutdated } from '#src/orchestrator/outdated.ts';
import { startPool } from '#src/orchestrator/pool.ts';
import type { HostFacts } from '#src/orchestrator/queue.ts';
import { startRadar } from '#src/orchestrator/radar.ts';
import { startReady } from '#src/orchestrator/ready.ts';
import { startReconciling } from '#src/orchestrator/reconcile.ts';
import { startRestacking } from '#src/orchestrator/restack.ts';
import { startTracePush } from '#src/orchestrator/trace-push.ts';
import { startWorkerLife, type WorkerLife } from '#src/orchestrator/worker-life.ts';
import { killAll } from '#src/process.ts';
import { endLeftovers } from '#src/sandbox/leftovers.ts';
import { removeStaleFolders, removeStaleSocketFolders } from '#src/sandbox/sockets.ts';
import { type RunningServer, startServer } from '#src/server/server.ts';
import { isUnavailable, unavailable } from '#src/store/database-error.ts';
import { listRunsOfWorker } from '#src/store/runs.ts';
import { isShared, takeWorkerLock, type WorkerLock } from '#src/store/worker-lock.ts';
import { isBusy } from '#src/store/workers.ts';
import { createWorkflows } from '#src/workflows/registry.ts';
import { roomGitsOf } from '#src/workflows/room.ts';

export type Role = 'server' | 'worker';

export type StartOptions = {
  roles: readonly Role[];
  /** Told of what nobody expected, as one line. */
  report: (line: string) => void;
  /** Benchmarks run other workflows. */
  workflowsOf?: typeof createWorkflows;
  /** Tests make it short. */
  lease?: Lease;
};

export type Sentra = {
  workerId: string;
  /** Of a process that is a server. */
  server?: { url: string; token: string; client: Client; createLoginLink: RunningServer['createLoginLink'] };
  /** Of a process that is only a worker: resolves when somebody asked it to drain and its last run has ended. */
  drained: Promise<void>;
  /** Lets go of everything; what runs is taken up again at the next start, or by another worker. */
  stop(): Promise<void>;
};

/** For the console: what a crash prints has no secret in it either. */
export function createCleanReport(config: Config): (line: string) => void {
  const redact = createRedactor([...secretsOf(config), findToken(config.home) ?? '']);
  return (line) => console.error(redact(line));
}

export async function startSentra(config: Config, options: StartOptions): Promise<Sentra> {
  prepareHome(config.home);
  setGitUserEnvironment(config.userEnv);
  const store = await openStore(config);
  try {
    return await startOn(store, config, options);
  } catch (e) {
    await store.database.close();
    const isOurs = !(e instanceof SentraError && e.code === 'conflict'); // else another Sentra is at work on it
    if (isOurs && store.embedded?.how !== 'adopted') await store.embedded?.stop();
    throw isUnavailable(e) ? unavailable(e) : e;
  }
}

async function startOn(store: Store, config: Config, options: StartOptions): Promise<Sentra> {
  const { report, roles, lease = defaultLease } = options;
  const complain = withoutRepeats(report);
  const token = ensureToken(config.home);
  const { workerId, lock } = await takeIdentity(store, config, options);
  await removeStaleSocketFolders();
  for (const folder of [roomGitsOf(config.home), config.home]) await removeStaleFolders(folder);
  await endWhatIsLeft(store, config, workerId, report);
  const ending = new AbortController();
  const { signal } = ending;
  superviseDatabase(store, report, signal);
  const engine = await createEngine(store.database);
  let serverPort = findServerPort(config.home);
  const made = createParts(config, store, engine, { token, workerId, serverPort: () => serverPort });
  const { parts, bus, hints } = made;
  const slots = await decideSlots(store.database.db, config.slots);
  const watched = watchHost(config, parts, store, { report: complain, signal });
  let life: WorkerLife | undefined;
  const host: HostFacts = { slots: () => life?.slots() ?? slots.total, gates: watched.intake.shortages };
  const server = roles.includes('server')
    ? await openDoors(
        config,
        { ...made, token, report, host },
        createApi(config, { ...parts, ...watched, slots, facts: host, lease, reader: made.reader }, engine, store),
      )
    : undefined;
  if (server) {
    serverPort = server.port;
    const onIndexError = (e: unknown) => complain(`Indexing logs failed: ${messageOf(e)}`);
    const { database, embedded } = store;
    const room = embedded ? { isDiskShort: watchDiskRoom(embedded.place, config.minDisk) } : {};
    void createLogIndex({ database, onError: onIndexError, ...room }).start(signal);
    if (config.traces) {
      const { exports } = createRunViews(config, { ...parts, facts: host }, engine);
      void startTracePush(
        { ...parts, bus, traces: exports.traces, collector: config.traces, report: complain },
        signal,
      );
    }
  }
  await parts.devServers.resume();
  if (roles.includes('worker')) {
    const outdated = await endOutdated({ ...parts, engine });
    if (outdated) report(`Ended ${outdated} runs that cannot go on; each says why. Retry their tasks.`);
    // Last of what can fail: a start that gives up must not have cut off what it had resumed.
    const workflows = { ...(options.workflowsOf ?? createWorkflows)(parts), analyze: analyze(parts) };
    await launchEngine({ ...store, workerId, workflows });
    const worker = { id: workerId, slots: slots.total };
    const homes = path.join(config.home, 'homes');
    life = await startWorkerLife({ ...parts, engine, worker, lease, homes, endAgents: killAll, report }, signal);
    const onError = (e: unknown) => complain(`Starting ready tasks failed: ${messageOf(e)}`);
    startReady({ ...parts, lapseMs: lease.lapseMs, host, bus, onError }, signal);
    startReconciling(parts, (message) => complain(`Clean-up: ${message}`), signal);
    startRadar({ ...parts, bus, report: complain }, signal);
    void startForgePolls({ ...parts, everyMs: config.forgePollMs, report: complain }, signal);
    startRestacking({ ...parts, bus, report: complain }, signal);
    startPool(parts, { bus, workerId, most: config.pool, report: complain }, signal);
  }
  if (server) writeServer(config.home, { url: server.url, pid: process.pid });
  return {
    workerId,
    ...(server ? { server } : {}),
    drained: waitForDrain(store, workerId, () => life?.draining() ?? false, signal),
    stop: async () => {
      engine.hold(); // first: what the kill below cuts off must run again, not count as failed
      ending.abort();
      await parts.devServers.close();
      killAll();
      if (server) removeServer(config.home);
      await server?.close();
      await parts.logs.close();
      await life?.stop().catch(() => {}); // without a database nobody can be told
      await hints.close();
      await parts.agents.close();
      await parts.sandbox.close();
      const shared = await isShared(store.database.connections, workerId).catch(() => false);
      await lock.release();
      if (!shared) await store.embedded?.stop();
    },
  };
}

/** The first id of this home that no other process has. The first of all is the server's. */
async function takeIdentity(
  store: Store,
  { home }: Config,
  { roles, report }: StartOptions,
): Promise<{ workerId: string; lock: WorkerLock }> {
  const onLost = () => {
    report(`Another Sentra took over ${home} while the database was away; this one stops.`);
    killAll();
    process.exit(75);
  };
  const [first, last] = roles.includes('server') ? [1, 1] : [2, 100];
  for (let number = first; number <= last; number++) {
    const workerId = ensureWorkerId(home, number);
    const lock = await takeWorkerLock(store.database.connections, workerId, onLost);
    if (lock) return { workerId, lock };
  }
  throw new SentraError('conflict', `Sentra is running already with ${home}; \`npx sentra open\` prints its link.`);
}

/** Of this worker's own runs; all that there is only where no other Sentra is at work, which has dev servers and installs too. */
async function endWhatIsLeft({ database }: Store, { home }: Config, workerId: string, report: StartOptions['report']) {
  const isAlone = !(await isShared(database.connections, workerId));
  const own = new Set((await listRunsOfWorker(database.db, workerId)).map(({ taskId }) => taskId));
  const ended = await endLeftovers(path.join(home, 'homes'), (taskId) => isAlone || own.has(taskId));
  if (ended) report(`Ended ${ended} processes that an earlier Sentra had left at work.`);
}

type Made = ReturnType<typeof createParts> & { token: string; report: StartOptions['report']; host: HostFacts };

async function openDoors(
  config: Config,
  { parts, bus, reader, token, report, host }: Made,
  handlers: ReturnType<typeof createApi>,
) {
  const { database, logs } = parts;
  const { db } = database;
  const feeds = createLogFeeds({ db, logs });
  const clientOf = (secret = token) =>
    createClient({ url: 'http://sentra', token: secret, fetch: (request) => inside(request) });
  const server = await startServer({
    handlers,
    auth: { token, accessOf: (secret) => accessOfSecret(db, secret) },
    host: config.host,
    port: config.port,
    webRoot: path.join(config.root, 'dist'),
    logStream: (options) => streamLogs({ feeds, reader }, options),
    eventStream: (options) => streamEvents({ db, bus }, options),
    mcp: createMcpHttpHandler(clientOf, config.version),
    version: config.version,
    metrics: () => readMetrics({ database, host, version: config.version, lines: logs.counts }),
    webhook: { secret: config.webhookSecret, take: (delivery) => takeWebhook(parts, delivery) },
    devServers: parts.devServers,
    onRequestError: (e) => report(`A request failed: ${stackOf(e)}`),
  });
  // The MCP tools go through the same door as everybody: the HTTP API, with its checks.
  const inside = (request: Request) => fetch(new Request(request.url.replace('http://sentra', server.url), request));
  return { ...server, token, client: clientOf() };
}

/** Where a worker's dev servers can be looked at: at the server of its home. */
const findServerPort = (home: string): number => Number(new URL(findServer(home)?.url ?? 'http://localhost:0').port);

const drainLookMs = 1_000;

async function waitForDrain({ database }: Store, workerId: string, isDraining: () => boolean, signal: AbortSignal) {
  await new Promise<void>((done) => {
    const timer = setInterval(async () => {
      if (!isDraining()) return;
      const busy = await isBusy(database.db, workerId).catch(() => true); // the database is away
      if (busy) return;
      clearInterval(timer);
      done();
    }, drainLookMs);
    signal.addEventListener('abort', () => clearInterval(timer));
  });
}
