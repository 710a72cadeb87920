/**
 * Stores the lines of some of the tasks, one batch after the other, so that they keep the order in which they were accepted.
 * While the database is away, or its disk has no room to spare, batches wait and are sent again; one whose commit was unclear is not stored twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '#src/domain/log.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { pack } from '#src/logs/pack.ts';
import type { Database } from '#src/store/database.ts';
import { isUnavailable, shouldRepeat } from '#src/store/database-error.ts';
import { insertLogBatch, type LogHead, type StoredLine } from '#src/store/logs.ts';

/** `whole`: what was too long for the line. `size`: about what it takes in memory. */
export type Accepted = { line: StoredLine; whole: string | undefined; size: number };

export type LaneOptions = {
  database: Database;
  /** Told of each task's lines after their commit; none means that the table has more than was told. */
  onStored: (taskId: string, lines: readonly LogLine[]) => void;
  /** Told of each task in a batch: no longer waiting; with its head when it is stored now. */
  onSettled: (taskId: string, size: number, head: LogHead | undefined) => void;
  /** Told when fewer wait than before. */
  onRoom: () => void;
  /** True while the database must not grow. */
  isDiskShort: () => boolean;
};

type Entry = Accepted & { stored: () => void; failed: (e: unknown) => void };

const flushAfterMs = 5;
/** A batch begins with so many, or when the time is over; what has gathered meanwhile comes along. */
const startBatch = 500;
const maxBatch = 4_000;
const maxBatchBytes = 4 * 1024 * 1024;
const maxBackoffMs = 1_000;
const closeDeadlineMs = 5_000;

export class Lane {
  /** What waits for its commit. */
  lines = 0;
  bytes = 0;
  readonly #options: LaneOptions;
  readonly #producer = crypto.randomUUID();
  #batches = 0;
  #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #giveUpAt = Number.POSITIVE_INFINITY;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#giveUpAt !== Number.POSITIVE_INFINITY;
  }

  /** Resolves after its commit. */
  accept(accepted: Accepted): Promise<void> {
    return new Promise((stored, failed) => {
      const { line, whole, size } = accepted;
      this.#waiting.push({ line, whole, size, stored, failed });
      this.lines++;
      this.bytes += accepted.size;
      if (this.#waiting.length >= startBatch) this.#drain();
      else this.#timer ??= setTimeout(() => this.#drain(), flushAfterMs);
    });
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
      const entries = this.#take();
      await this.#store(entries);
      this.lines -= entries.length;
      for (const { size } of entries) this.bytes -= size;
      this.#options.onRoom();
    }
    clearTimeout(this.#timer); // set by a line that this drain took along
    this.#timer = undefined;
  }

  #take(): Entry[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.#waiting.length, maxBatch) && bytes < maxBatchBytes; count++)
      bytes += this.#waiting[count]?.size ?? 0;
    return this.#waiting.splice(0, count);
  }

  /** Stores a batch. One that PostgreSQL refuses for good is halved until the line at fault stands alone. */
  async #store(entries: Entry[]): Promise<void> {
    try {
      const lines = entries.some(hasWhole)
        ? await Promise.all(entries.map(withWhole))
        : entries.map(({ line }) => line);
      const heads = await this.#insert(lines);
      this.#tell(lines, heads);
      this.#settle(entries, heads);
      for (const entry of entries) entry.stored();
    } catch (e) {
      const half = entries.length >> 1;
      if (half === 0 || isUnavailable(e)) {
        this.#settle(entries, undefined);
        for (const entry of entries) entry.failed(refused(e));
      } else for (const part of [entries.slice(0, half), entries.slice(half)]) await this.#store(part);
    }
  }

  /** Repeats while the database is away; the number of the batch makes that harmless. */
  async #insert(lines: readonly StoredLine[]): Promise<Map<string, LogHead> | undefined> {
    const batch = { producer: this.#producer, number: ++this.#batches, lines };
    for (let backoffMs = 20; ; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
      try {
        if (this.#options.isDiskShort()) throw diskShort();
        return await insertLogBatch(this.#options.database, batch);
      } catch (e) {
        if (!(isUnavailable(e) || shouldRepeat(e)) || performance.now() > this.#giveUpAt) throw e;
        await sleep(backoffMs);
      }
    }
  }

  #tell(stored: readonly StoredLine[], heads: Map<string, LogHead> | undefined): void {
    for (const [taskId, group] of Map.groupBy(stored, (line) => line.taskId)) {
      const head = heads?.get(taskId);
      const first = (head?.lastSeq ?? 0) - group.length + 1;
      const lines = group.map(({ whole: _, endsQuota: __, ...line }, at): LogLine => ({ seq: first + at, ...line }));
      this.#options.onStored(taskId, head ? lines : []);
    }
  }

  #settle(entries: readonly Entry[], heads: Map<string, LogHead> | undefined): void {
    const sizes = new Map<string, number>();
    for (const { line, size } of entries) sizes.set(line.taskId, (sizes.get(line.taskId) ?? 0) + size);
    for (const [taskId, size] of sizes) this.#options.onSettled(taskId, size, heads?.get(taskId));
  }
}

const hasWhole = ({ whole }: Entry) => whole !== undefined;

async function withWhole({ line, whole }: Entry): Promise<StoredLine> {
  return whole === undefined ? line : { ...line, whole: await pack(Buffer.from(whole)) };
}

const diskShort = () =>
  new SentraError('database_unavailable', "The database's disk is nearly full: log lines wait until there is room.");

const refused = (cause: unknown) =>
  new SentraError(
    isUnavailable(cause) ? 'database_unavailable' : 'bug',
    `A log line could not be stored: ${messageOf(cause)}`,
    { cause },
  );
