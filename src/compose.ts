/** Wires the real parts: with start.ts the only file that knows every folder. */

import { createAgents } from '#src/agents/registry.ts';
import { createGate } from '#src/agents/start-gate.ts';
import { createAnalyses } from '#src/analyst/analyses.ts';
import type { Config } from '#src/config.ts';
import { commandAgentPath, modelScriptPath } from '#src/demo/demo.ts';
import type { Slots } from '#src/domain/slots.ts';
import type { Lease } from '#src/domain/worker.ts';
import type { Engine } from '#src/engine/engine.ts';
import { registriesOfHost } from '#src/environment/host-registries.ts';
import { harmlessEnvironment } from '#src/environment/runner.ts';
import { createTokens } from '#src/forge/token.ts';
import { watchDiskRoom } from '#src/logs/disk-room.ts';
import { passwordsIn, secretsIn } from '#src/logs/known-secrets.ts';
import { createLogReader, type LogReader } from '#src/logs/log-reader.ts';
import { createLogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { createEventBus } from '#src/logs/stream-events.ts';
import type { Store } from '#src/open-store.ts';
import { openArtifact } from '#src/orchestrator/artifacts.ts';
import { createCostDesk } from '#src/orchestrator/costs.ts';
import { createHost } from '#src/orchestrator/host.ts';
import { createIntake, type Intake } from '#src/orchestrator/intake.ts';
import { createLifecycle } from '#src/orchestrator/lifecycle.ts';
import { createMerges } from '#src/orchestrator/merges.ts';
import { listGuarded } from '#src/orchestrator/places.ts';
import { createPlans } from '#src/orchestrator/plans.ts';
import { createProjects } from '#src/orchestrator/projects.ts';
import { createPrompts } from '#src/orchestrator/prompts.ts';
import type { HostFacts } from '#src/orchestrator/queue.ts';
import { reconcileOnce } from '#src/orchestrator/reconcile.ts';
import { type ResourceView, startResources } from '#src/orchestrator/resources.ts';
import { createRunExports } from '#src/orchestrator/run-export.ts';
import { createTalk } from '#src/orchestrator/talk.ts';
import { createTasks } from '#src/orchestrator/tasks.ts';
import { createTimelines } from '#src/orchestrator/timeline.ts';
import { createTrusts } from '#src/orchestrator/trust.ts';
import { verify } from '#src/orchestrator/verify.ts';
import { createViews } from '#src/orchestrator/views.ts';
import { createWorkers } from '#src/orchestrator/workers.ts';
import { createTaskWorktree, removeTaskWorktreeNow, restoreTaskWork } from '#src/orchestrator/worktrees.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createHandlers } from '#src/server/handlers.ts';
import { createChanges } from '#src/store/change.ts';
import { openHints } from '#src/store/hints.ts';
import { DevServers } from '#src/workflows/dev-servers.ts';
import { createForges } from '#src/workflows/forges.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { listSaved } from '#src/workflows/saved.ts';

const identity = { name: 'Sentra', email: 'sentra@localhost' };

/** `serverPort`: known once the server listens. */
export type Doorway = { token: string; workerId: string; serverPort: () => number };

/** What runs and routes are made of, with what tells other processes of the same database. */
export function createParts(config: Config, { database, embedded }: Store, engine: Engine, door: Doorway) {
  const bus = createEventBus();
  const hints = openHints(database.connections, ({ events, tasks, missed }) => {
    if (events) bus.publish();
    if (missed) logs.ringAll();
    else for (const taskId of tasks) logs.ring(taskId);
  });
  const sandbox = createSandbox({ stateDir: config.home, hidden: embedded ? [embedded.place] : [] });
  const agents = createAgents({
    sandbox,
    model: config.model,
    demoScriptPath: modelScriptPath,
    hostEnv: config.userEnv,
    logins: config.agentLogins,
    more: {
      'demo-command': { kind: 'command', command: [process.execPath, commandAgentPath, modelScriptPath] },
    },
  });
  const redactor = createRedactor([door.token, ...passwordsIn(database.url), ...secretsOf(config)]);
  const level = config.logLevel;
  const logs = createLogPipeline({
    database,
    redact: redactor,
    onStored: hints.publish,
    quota: config.logMb * 1e6,
    ...(embedded ? { isDiskShort: watchDiskRoom(embedded.place, config.minDisk) } : {}),
    ...(level === 'silent'
      ? {}
      : { echo: { level, write: (line) => process.stderr.write(`[${line.taskId}] ${line.message}\n`) } }),
  });
  const changes = createChanges(database, () => {
    bus.publish();
    hints.publish();
  });
  const baseEnv = harmlessEnvironment(config.userEnv);
  const own: Omit<Parts, 'devServers'> = {
    database,
    changes,
    logs,
    redactor,
    agents,
    sandbox,
    testGate: createGate(config.testSlots, Number.POSITIVE_INFINITY),
    forges: createForges(createTokens(config.userEnv)),
    engine,
    workerId: door.workerId,
    home: config.home,
    identity,
    baseEnv,
    operator: { ...config.operator, hosts: [...config.operator.hosts, ...registriesOfHost(baseEnv)] },
  };
  const parts: Parts = { ...own, devServers: new DevServers(own, door.serverPort) };
  return { parts, bus, hints, reader: createLogReader(database) };
}

/** What this process was given and nobody is to read. */
export const secretsOf = ({ model, traces, databaseUrl, token, userEnv }: Config): string[] => [
  ...[model.credential?.secret ?? '', token ?? '', ...Object.values(traces?.headers ?? {})],
  ...passwordsIn(databaseUrl ?? ''),
  ...secretsIn(userEnv),
];

/** What this host has left, and what tasks take of it. */
export function watchHost(
  { home, minDisk, minMemory }: Config,
  { database, changes }: Parts,
  { embedded }: Store,
  { report, signal }: { report: (line: string) => void; signal: AbortSignal },
): Watched {
  const where = { db: database.db, home, databasePath: embedded?.place };
  const onError = (message: string) => report(`Watching this host: ${message}`);
  const intake = createIntake({
    places: () => listGuarded(where),
    disk: minDisk,
    memory: minMemory,
    onChange: (shortages) =>
      changes.change(async ({ record }) =>
        record({ type: 'host.changed', data: { shortages: shortages.map(({ code }) => code) } }),
      ),
    onError,
  });
  return { intake, ...startResources({ ...where, intake, onError }, signal) };
}

export type Watched = ResourceView & { intake: Intake };

const repeatMs = 60_000;

/** What goes wrong every few seconds is told once a minute. */
export function withoutRepeats(report: (line: string) => void): (line: string) => void {
  const told = new Map<string, number>();
  return (line) => {
    const now = performance.now();
    for (const [old, at] of told) if (now - at >= repeatMs) told.delete(old);
    if (told.has(line)) return;
    told.set(line, now);
    report(line);
  };
}

export type ApiParts = Parts & Watched & { slots: Slots; facts: HostFacts; lease: Lease; reader: LogReader };

/** What routes and a collector of traces get to know of runs. */
export function createRunViews(
  config: Config,
  { database, facts, redactor: redact }: Pick<ApiParts, 'database' | 'facts' | 'redactor'>,
  engine: Engine,
) {
  const { version, serviceName } = config;
  const views = createViews({ database, host: facts });
  const timelines = createTimelines({ database, engine });
  return {
    views,
    timelines,
    exports: createRunExports({ database, timelines, diff: views.diff, redact, version, serviceName }),
  };
}

/** One function for each route. */
export function createApi(config: Config, parts: ApiParts, engine: Engine, { embedded }: Store) {
  const { database, changes, sandbox, agents, slots, intake } = parts;
  const { home, version } = config;
  const tasks = createTasks({ database, changes, agents });
  return createHandlers({
    database,
    reader: parts.reader,
    lifecycle: createLifecycle({ database, changes, engine }),
    merges: createMerges({ database, changes, engine, forges: parts.forges }),
    projects: createProjects({ database, changes }),
    trusts: createTrusts({ database, changes }),
    tasks,
    analyses: createAnalyses({ database, changes, engine, tasks }),
    costs: createCostDesk({ database, changes }),
    talk: createTalk(parts),
    plans: createPlans({ database, changes }),
    prompts: createPrompts({ database, changes }),
    ...createRunViews(config, parts, engine),
    host: createHost({
      database,
      sandbox,
      agents,
      version,
      home,
      slots,
      intake,
      network: config.operator.network,
      diskOf: parts.diskOf,
      databasePlace: embedded
        ? { kind: 'embedded', place: embedded.place }
        : { kind: 'external', place: new URL(database.url).host },
    }),
    resources: parts.resources,
    devServers: parts.devServers,
    createWorktree: (taskId, branchName) => createTaskWorktree(parts, taskId, branchName),
    removeWorktree: (taskId) => removeTaskWorktreeNow(parts, taskId),
    restoreWork: (taskId, file) => restoreTaskWork(parts, taskId, file),
    cleanUp: (dryRun) => reconcileOnce(parts, { dryRun, requested: true, onError: () => {} }), // told in the findings
    listSaved: () => listSaved(home),
    openArtifact: (taskId, name) => openArtifact(home, taskId, name),
    verify: () => verify({ ...parts, engine }),
    workers: createWorkers({ database, changes, lapseMs: parts.lease.lapseMs }),
  });
}
