/**
 * The dev servers of this host. A row says who needs one, a run or a person; what is in memory here is the process that follows
 * from it. After a crash the rows that are still needed are started again, the others are settled.
 */
import { mkdir, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import path from 'node:path';
import type { DevServer } from '#src/domain/dev-server.ts';
import { type Failure, messageOf, SentraError } from '#src/errors.ts';
import { inTurn } from '#src/git/repository-lock.ts';
import type { Doors } from '#src/sandbox/sandbox.ts';
import { makeSocketFolder } from '#src/sandbox/sockets.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import {
  type DevServerRow,
  forgetDevServers,
  listDevServerRows,
  listDevServersOf,
  putDevServer,
  settleDevServers,
  toDevServer,
} from '#src/store/dev-servers.ts';
import { findActiveRun } from '#src/store/runs.ts';
import { LiveDevServer } from '#src/workflows/dev-server-live.ts';
import {
  chooseNames,
  type DevPlan,
  listDefined,
  planDevServers,
  specFor,
  urlOf,
} from '#src/workflows/dev-server-plan.ts';
import type { Parts } from '#src/workflows/parts.ts';

type Needs = Pick<DevServerRow, 'adwId' | 'requested'>;

const idleMs = 30 * 60_000;
const idleLookMs = 60_000;

export class DevServers {
  readonly #parts: Parts;
  readonly #serverPort: () => number;
  readonly #live = new Map<string, Map<string, LiveDevServer>>();
  readonly #doors = new Map<string, string>();
  readonly #idleTimer: NodeJS.Timeout;
  #folder: Promise<string> | undefined;
  #closed = false;

  constructor(parts: Omit<Parts, 'devServers'>, serverPort: () => number) {
    this.#parts = { ...parts, devServers: this };
    this.#serverPort = serverPort;
    this.#idleTimer = setInterval(() => void this.#tidy(), idleLookMs);
    this.#idleTimer.unref();
  }

  /** After a start: nothing of this worker's earlier life is at work, and what is still needed is started again. */
  async resume(): Promise<void> {
    const { database, workerId } = this.#parts;
    await settleDevServers(database.db, workerId);
    for (const row of await listDevServersOf(database.db, workerId)) {
      const adwId = await this.#activeRun(row);
      if (row.state !== 'failed' && (adwId || row.requested)) await this.#resumeOne(row, { ...row, adwId });
      else if (row.adwId || row.requested) await this.#put({ ...row, adwId: null, requested: false });
    }
  }

  /** Another worker is dead: what runs need, which go on here, is started here. What a person asked for waits for its server. */
  async takeOver(dead: string): Promise<void> {
    const { db } = this.#parts.database;
    await settleDevServers(db, dead);
    for (const row of await listDevServersOf(db, dead)) {
      const adwId = await this.#activeRun(row);
      if (adwId && row.state !== 'failed') await this.#resumeOne(row, { ...row, adwId });
    }
  }

  /** Starts those that a run needs. Fresh ones for each call: what is served is what is in the worktree now. */
  startFor(adwId: string, taskId: string, names: readonly string[]): Promise<void> {
    return inTurn(`dev ${taskId}`, async () => {
      const plan = await planDevServers(this.#parts, taskId);
      const known = names.filter((name) => plan.dev[name]); // one may have been taken out of sentra.json meanwhile
      const asked = known.map((name) => this.#find(taskId, name)?.row.requested ?? false);
      await Promise.all(known.map((name) => this.#stop(taskId, name)));
      for (const [at, name] of known.entries()) await this.#start(plan, name, { adwId, requested: asked[at] ?? false });
    });
  }

  /** Somebody asks for them: those at work go on, the others are started. They stay when a run ends. */
  request(taskId: string, names?: readonly string[]): Promise<DevServer[]> {
    return inTurn(`dev ${taskId}`, async () => {
      const plan = await planDevServers(this.#parts, taskId);
      for (const name of chooseNames(plan.dev, names)) {
        const live = this.#find(taskId, name);
        if (live?.isUp) await live.change({ requested: true });
        else await this.#start(plan, name, { adwId: null, requested: true });
      }
      return this.list(taskId);
    });
  }

  stop(taskId: string, names?: readonly string[]): Promise<DevServer[]> {
    return inTurn(`dev ${taskId}`, async () => {
      const { dev } = await listDefined(this.#parts.database.db, taskId);
      const live = [...(this.#live.get(taskId)?.keys() ?? [])];
      const chosen = names?.length ? chooseNames(dev, names) : live;
      await Promise.all(chosen.map((name) => this.#stop(taskId, name)));
      return this.list(taskId);
    });
  }

  /** The run has ended: what nobody else asked for stops. */
  release(adwId: string, taskId: string): Promise<void> {
    return inTurn(`dev ${taskId}`, async () => {
      for (const [name, live] of this.#live.get(taskId) ?? [])
        if (live.row.adwId === adwId)
          await (live.isUp && !live.row.requested ? this.#stop(taskId, name) : live.change({ adwId: null }));
    });
  }

  /** The worktree goes. */
  forget(taskId: string): Promise<void> {
    return inTurn(`dev ${taskId}`, async () => {
      await Promise.all([...(this.#live.get(taskId)?.keys() ?? [])].map((name) => this.#stop(taskId, name)));
      this.#live.delete(taskId);
      await forgetDevServers(this.#parts.database.db, taskId);
    });
  }

  /** Those that were started, and those that the project defines. */
  async list(taskId: string): Promise<DevServer[]> {
    const { db } = this.#parts.database;
    const { dev, ports } = await listDefined(db, taskId);
    const rows = await listDevServerRows(db, taskId);
    const rest = Object.entries(dev).filter(([name]) => !rows.some((row) => row.name === name));
    const none = { state: 'stopped' as const, url: null, requested: false, restarts: 0, message: null };
    return [
      ...rows.map(toDevServer),
      ...rest.map(([name, { port }]) => ({ name, port: ports[port] ?? null, ...none })),
    ];
  }

  /** Resolves when each is ready, or with the reason when one was given up. */
  async whenReady(taskId: string, names: readonly string[], signal: AbortSignal): Promise<Failure | undefined> {
    for (const name of names) {
      const live = this.#find(taskId, name);
      while (live?.row.state === 'starting' || live?.row.state === 'unhealthy') {
        await live.changed(signal);
        signal.throwIfAborted();
      }
      if (live?.row.state === 'ready') continue;
      const why = live?.row.message ?? 'It was stopped meanwhile.';
      return { code: 'dev_server_failed', message: `The dev server ${name} does not get ready: ${why}` };
    }
    return undefined;
  }

  /** For the other rooms of the task; nothing while it has none, or none that is confined. */
  doorsOf(taskId: string): { doors?: Doors } {
    const live = [...(this.#live.get(taskId)?.values() ?? [])].filter((one) => one.confined);
    const folder = this.#doors.get(taskId);
    return folder && live.length ? { doors: { folder, reaches: live.map(({ row }) => row.port) } } : {};
  }

  /** What is known of one, and a connection to it while it listens; the first of the task when no name is given. */
  async open(taskId: string, name: string | undefined): Promise<{ server?: DevServer; socket?: Socket }> {
    const rows = await listDevServerRows(this.#parts.database.db, taskId);
    const row = rows.find((one) => (name === undefined ? one.ordinal === 0 : one.name === name));
    if (!row) return {};
    const live = this.#find(taskId, row.name);
    const socket = live?.isUp ? await live.open().catch(() => undefined) : undefined; // not yet, or for a moment
    return { server: toDevServer(row), ...(socket ? { socket } : {}) };
  }

  /** Stops those that a person asked for and nobody has looked at since. */
  async stopIdle(since: number): Promise<void> {
    for (const [taskId, servers] of this.#live)
      for (const [name, live] of servers)
        if (live.isIdle(since))
          await inTurn(`dev ${taskId}`, () => this.#stop(taskId, name, 'Nobody looked at it for a while.'));
  }

  /** Ends what another worker took over, or removed with its worktree: its row is not this one's any more. */
  async stopForgotten(): Promise<void> {
    const { database, workerId } = this.#parts;
    for (const [taskId, servers] of this.#live)
      await inTurn(`dev ${taskId}`, async () => {
        const rows = await listDevServerRows(database.db, taskId);
        for (const [name, live] of servers) {
          if (rows.some((row) => row.name === name && row.workerId === workerId)) continue;
          await live.end();
          servers.delete(name);
        }
      });
  }

  /** From now on nothing is written: who needs what is as it was, for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#idleTimer);
    for (const servers of this.#live.values()) for (const live of servers.values()) void live.end();
    if (this.#folder) await rm(await this.#folder, { recursive: true, force: true });
  }

  async #tidy(): Promise<void> {
    await whenAvailable(() => this.stopForgotten());
    await this.stopIdle(Date.now() - idleMs);
  }

  #find(taskId: string, name: string): LiveDevServer | undefined {
    return this.#live.get(taskId)?.get(name);
  }

  /** The run that a dev server is there for, while that is at work. */
  async #activeRun({ taskId, adwId }: DevServerRow): Promise<string | null> {
    const run = adwId === null ? undefined : await findActiveRun(this.#parts.database.db, taskId);
    return run && run.adwId === adwId ? adwId : null;
  }

  async #resumeOne(row: DevServerRow, needs: Needs): Promise<void> {
    try {
      const plan = await planDevServers(this.#parts, row.taskId);
      if (!plan.dev[row.name]) throw new SentraError('not_allowed', `sentra.json has no ${row.name} any more.`);
      await this.#start(plan, row.name, needs);
    } catch (e) {
      // Whatever it is: one dev server must not keep Sentra from starting.
      await this.#put({ ...row, adwId: null, requested: false, state: 'failed', url: null, message: messageOf(e) });
    }
  }

  async #start(plan: DevPlan, name: string, needs: Needs): Promise<void> {
    const { taskId } = plan.facts;
    const place = { adwId: needs.adwId, doors: await this.#doorsFolder(taskId) };
    const spec = specFor(this.#parts, plan, name, place);
    const live = new LiveDevServer({
      row: {
        ...{ taskId, name, ordinal: Object.keys(plan.dev).indexOf(name), port: spec.port, state: 'starting' },
        ...{ url: urlOf(plan, name, this.#serverPort()), restarts: 0, message: null },
        ...{ adwId: needs.adwId, requested: needs.requested, workerId: this.#parts.workerId },
      },
      spec,
      confined: plan.facts.confined,
      log: this.#parts.logs.logger({ taskId, adwId: needs.adwId, phase: null }),
      redactor: this.#parts.redactor,
      save: (row) => this.#put(row),
    });
    const servers = this.#live.get(taskId) ?? new Map<string, LiveDevServer>();
    this.#live.set(taskId, servers.set(name, live));
    await live.start();
  }

  async #stop(taskId: string, name: string, message?: string): Promise<void> {
    const live = this.#find(taskId, name);
    await live?.end();
    const needs = { adwId: null, requested: false };
    if (live?.isUp) await live.change({ ...needs, state: 'stopped', url: null, message: message ?? null });
    else await live?.change(needs);
  }

  async #put(row: DevServerRow): Promise<void> {
    if (this.#closed) return;
    await whenAvailable(() =>
      this.#parts.changes.change(async ({ tx, record }) => {
        await putDevServer(tx, row);
        record({ type: 'dev_server.changed', taskId: row.taskId, data: { name: row.name, state: row.state } });
      }),
    );
  }

  async #doorsFolder(taskId: string): Promise<string> {
    this.#folder ??= makeSocketFolder();
    const folder = path.join(await this.#folder, taskId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    this.#doors.set(taskId, folder);
    return folder;
  }
}
