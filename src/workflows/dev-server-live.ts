/** One dev server of a task at work: its process, its row, and who looks at it. */
import type { Socket } from 'node:net';
import { type DevServerState, isUp } from '#src/domain/dev-server.ts';
import { type DevServerReport, type DevServerSpec, superviseDevServer } from '#src/environment/dev-server.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import type { Redactor } from '#src/logs/redactor.ts';
import type { DevServerRow } from '#src/store/dev-servers.ts';

export type LiveParts = {
  row: DevServerRow;
  spec: DevServerSpec;
  confined: boolean;
  log: Logger;
  redactor: Redactor;
  save: (row: DevServerRow) => Promise<void>;
};

export class LiveDevServer {
  row: DevServerRow;
  readonly confined: boolean;
  readonly #parts: LiveParts;
  readonly #stopping = new AbortController();
  readonly #waiting = new Set<() => void>();
  #done: Promise<void> = Promise.resolve();
  #saved: Promise<void> = Promise.resolve();
  #visitors = 0;
  #usedAt = Date.now();

  constructor(parts: LiveParts) {
    this.#parts = parts;
    this.row = parts.row;
    this.confined = parts.confined;
  }

  get isUp(): boolean {
    return isUp(this.row.state as DevServerState);
  }

  async start(): Promise<void> {
    const { spec, log, row } = this.#parts;
    const toolUsed = `dev:${row.name}`;
    void log.info(`Dev server ${row.name} starts on port ${row.port}: ${spec.command}`, { kind: 'step', toolUsed });
    await this.change({});
    this.#done = superviseDevServer(
      spec,
      {
        onReport: (report) => this.#onReport(report),
        onLine: (line, stream) => log[stream === 'stderr' ? 'warn' : 'info'](line, { kind: 'output', toolUsed }),
      },
      this.#stopping.signal,
    );
  }

  /** Resolves when its processes are gone. */
  end(): Promise<void> {
    this.#stopping.abort();
    return this.#done;
  }

  /** Stores what changed, one after the other, and wakes those that wait for it. */
  change(change: Partial<DevServerRow>): Promise<void> {
    this.row = { ...this.row, ...change };
    const row = this.row;
    for (const wake of this.#waiting) wake();
    this.#saved = this.#saved.then(() => this.#parts.save(row));
    return this.#saved;
  }

  /** Resolves at the next change, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        done();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** A connection for somebody who looks at it. Throws while it does not listen. */
  async open(): Promise<Socket> {
    const socket = await this.#parts.spec.connect();
    this.#visitors += 1;
    socket.once('close', () => {
      this.#visitors -= 1;
      this.#usedAt = Date.now();
    });
    return socket;
  }

  /** Nobody needs it but a person, and no person has looked at it since. */
  isIdle(since: number): boolean {
    return this.isUp && this.row.adwId === null && this.#visitors === 0 && this.#usedAt <= since;
  }

  #onReport({ state, restarts, message: said }: DevServerReport): void {
    const { log, redactor, row } = this.#parts;
    const message = said && redactor(said); // it ends with what the program printed last
    const about = { kind: 'step' as const, toolUsed: `dev:${row.name}` };
    if (state === 'ready') void log.info(`Dev server ${row.name} is ready`, about);
    else if (state === 'failed')
      void log.error(`Dev server ${row.name} was given up: ${message}`, { ...about, error: 'dev_server_failed' });
    else if (message) void log.warn(`Dev server ${row.name}: ${message}`, about);
    void this.change({ state, restarts, message, ...(state === 'failed' ? { url: null } : {}) });
  }
}
