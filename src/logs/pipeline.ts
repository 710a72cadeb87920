/**
 * From a producer's line to a row: accept, clean, batch, store, publish. The promise of a line resolves after its commit.
 * One batch is under way at a time, so lines keep the order in which they were accepted. While the database is away,
 * batches are sent again until it is back; a batch whose commit was unclear is not stored twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogLevel, type LogLine, logLevels } from '#src/domain/log.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { cleanMessage, cleanMetadata } from '#src/logs/clean.ts';
import type { Redactor } from '#src/logs/redactor.ts';
import type { Database } from '#src/store/database.ts';
import { isUnavailable, shouldRepeat } from '#src/store/database-error.ts';
import { insertLogBatch, type NewLogLine } from '#src/store/logs.ts';

export type LogSubject = { taskId: string; adwId?: string | null; phase?: PhaseName | null };

/** Never blocks, never throws; who does not await a line need not handle its promise. Awaiting is the back-pressure. */
export type Logger = Record<LogLevel, (message: string, metadata?: object) => Promise<void>> & {
  child(about: Partial<LogSubject>): Logger;
};

/** Lines in the order of their numbers; none means that the table has more than was told. */
export type LogListener = (lines: readonly LogLine[]) => void;

export type LogPipeline = {
  logger(about: LogSubject): Logger;
  /** Resolves at once, or when fewer than 20,000 lines wait: for producers that do not await each line. */
  ready(): Promise<void>;
  /** Resolves when everything accepted so far is stored. */
  flush(): Promise<void>;
  /** Stores what is left; what cannot be stored within five seconds is refused with `database_unavailable`. */
  close(): Promise<void>;
  /** Tells of a task's lines after their commit, until the returned function is called. */
  subscribe(taskId: string, listener: LogListener): () => void;
  /** Another process stored lines of a task, or of any number of them. */
  ring(taskId: string): void;
  ringAll(): void;
};

export type LogPipelineOptions = {
  database: Database;
  redact: Redactor;
  /** Told of each task whose lines were committed. */
  onStored?: (taskId: string) => void;
  /** Also shows lines from a level on, to a console. */
  echo?: { level: LogLevel; write: (line: NewLogLine) => void };
};

type Entry = { line: NewLogLine; stored: () => void; failed: (e: unknown) => void };

const flushAfterMs = 5;
const maxBatch = 500;
const maxWaiting = 20_000;
const maxBackoffMs = 1_000;
const closeDeadlineMs = 5_000;

export function createLogPipeline(options: LogPipelineOptions): LogPipeline {
  const subscribers = new Map<string, Set<LogListener>>();
  const publish = (taskId: string, lines: readonly LogLine[]) => {
    for (const listener of subscribers.get(taskId) ?? []) listener(lines);
  };
  const writer = new BatchWriter(options.database, (taskId, lines) => {
    publish(taskId, lines);
    options.onStored?.(taskId);
  });
  return {
    logger: (about) => createLogger(about, options, writer),
    ready: () => writer.ready(),
    flush: () => writer.flush(),
    close: () => writer.close(),
    ring: (taskId) => publish(taskId, []),
    ringAll: () => {
      for (const taskId of subscribers.keys()) publish(taskId, []);
    },
    subscribe(taskId, listener) {
      const listeners = subscribers.get(taskId) ?? new Set();
      subscribers.set(taskId, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) subscribers.delete(taskId);
      };
    },
  };
}

function createLogger(about: LogSubject, options: LogPipelineOptions, writer: BatchWriter): Logger {
  const { redact, echo } = options;
  const write = (level: LogLevel, message: string, metadata: object = {}) => {
    const line: NewLogLine = {
      taskId: about.taskId,
      adwId: about.adwId ?? null,
      phase: about.phase ?? null,
      level,
      message: cleanMessage(message, redact),
      metadata: cleanMetadata(metadata, redact),
      timestamp: new Date().toISOString(),
    };
    if (echo && logLevels.indexOf(level) >= logLevels.indexOf(echo.level)) echo.write(line);
    const stored = writer.accept(line);
    stored.catch(() => {}); // who awaits the line hears of it
    return stored;
  };
  return {
    debug: (message, metadata) => write('debug', message, metadata),
    info: (message, metadata) => write('info', message, metadata),
    warn: (message, metadata) => write('warn', message, metadata),
    error: (message, metadata) => write('error', message, metadata),
    child: (more) => createLogger({ ...about, ...more }, options, writer),
  };
}

class BatchWriter {
  readonly #database: Database;
  readonly #publish: (taskId: string, lines: readonly LogLine[]) => void;
  readonly #producer = crypto.randomUUID();
  #batches = 0;
  #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #roomWanted: (() => void)[] = [];
  #giveUpAt = Number.POSITIVE_INFINITY;

  constructor(database: Database, publish: (taskId: string, lines: readonly LogLine[]) => void) {
    this.#database = database;
    this.#publish = publish;
  }

  accept(line: NewLogLine): Promise<void> {
    if (this.#giveUpAt !== Number.POSITIVE_INFINITY)
      return Promise.reject(new SentraError('database_unavailable', 'The log is closed: Sentra is shutting down.'));
    return new Promise((stored, failed) => {
      this.#waiting.push({ line, stored, failed });
      if (this.#waiting.length >= maxBatch) this.#drain();
      else this.#timer ??= setTimeout(() => this.#drain(), flushAfterMs);
    });
  }

  async ready(): Promise<void> {
    while (this.#waiting.length >= maxWaiting) await new Promise<void>((room) => this.#roomWanted.push(room));
  }

  async flush(): Promise<void> {
    while (this.#waiting.length || this.#draining) await this.#drain();
  }

  async close(): Promise<void> {
    this.#giveUpAt = performance.now() + closeDeadlineMs;
    await this.flush();
  }

  #drain(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draining ??= this.#drainAll().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  async #drainAll(): Promise<void> {
    while (this.#waiting.length) {
      await this.#store(this.#waiting.splice(0, maxBatch));
      if (this.#waiting.length < maxWaiting) for (const room of this.#roomWanted.splice(0)) room();
    }
    clearTimeout(this.#timer); // set by a line that this drain took along
    this.#timer = undefined;
  }

  /** Stores a batch. One that PostgreSQL refuses for good is halved until the line at fault stands alone. */
  async #store(entries: Entry[]): Promise<void> {
    try {
      const lastSeqs = await this.#insert(entries.map((entry) => entry.line));
      this.#tell(entries, lastSeqs);
      for (const entry of entries) entry.stored();
    } catch (e) {
      const half = entries.length >> 1;
      if (half === 0 || isUnavailable(e)) for (const entry of entries) entry.failed(refused(e));
      else for (const part of [entries.slice(0, half), entries.slice(half)]) await this.#store(part);
    }
  }

  /** Repeats while the database is away; the number of the batch makes that harmless. */
  async #insert(lines: NewLogLine[]): Promise<Map<string, number> | undefined> {
    const batch = { producer: this.#producer, number: ++this.#batches, lines };
    for (let backoffMs = 20; ; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
      try {
        return await insertLogBatch(this.#database.pool, batch);
      } catch (e) {
        if (!(isUnavailable(e) || shouldRepeat(e)) || performance.now() > this.#giveUpAt) throw e;
        await sleep(backoffMs);
      }
    }
  }

  #tell(entries: Entry[], lastSeqs: Map<string, number> | undefined): void {
    for (const [taskId, group] of Map.groupBy(entries, (entry) => entry.line.taskId)) {
      const first = (lastSeqs?.get(taskId) ?? 0) - group.length + 1;
      this.#publish(taskId, lastSeqs ? group.map((entry, at) => ({ seq: first + at, ...entry.line })) : []);
    }
  }
}

const refused = (cause: unknown) =>
  new SentraError(
    isUnavailable(cause) ? 'database_unavailable' : 'bug',
    `A log line could not be stored: ${messageOf(cause)}`,
    { cause },
  );
