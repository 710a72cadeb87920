/**
 * What the readers of one task share: its newest lines in memory, and one read of the table for all who want the same lines. A reader
 * keeps no lines of its own, so a slow one costs nothing and never slows a writer: it takes what it needs when it is ready.
 */
import type { LogLine } from '#src/domain/log.ts';
import type { LogPipeline } from '#src/logs/pipeline.ts';
import type { Queryable } from '#src/store/database.ts';
import { findLogExtent, listLogHeads } from '#src/store/log-blocks.ts';
import { listLogs } from '#src/store/log-pages.ts';

export type LogFeed = {
  /** The number of the last line that is known to be stored; undefined before the first look. */
  head(): number | undefined;
  /** Lines that follow number `after` without a gap, from memory; none when they are not there. */
  recent(after: number): readonly LogLine[];
  /** Whether the table may have lines beyond the head; `look` finds out, once for all who ask at a time. */
  isBehind(): boolean;
  look(): Promise<void>;
  /** Lines that follow number `after`, from the table. */
  read(after: number): Promise<readonly LogLine[]>;
  close(): void;
};

export type LogFeeds = {
  /** `ring` is called when there is something to look at, until the feed is closed. */
  open(taskId: string, ring: () => void): LogFeed;
};

/** A hint of another process may be lost, for one that the process was killed before it could give it. */
const netMs = 2_000;
const pageSize = 1_000;
const mostRecent = 2_000;
const mostRecentLength = 1024 * 1024;

export function createLogFeeds(source: { db: Queryable; logs: Pick<LogPipeline, 'subscribe'> }): LogFeeds {
  const shared = new Map<string, SharedFeed>();
  let net: NodeJS.Timeout | undefined;
  const lookAtAll = async () => {
    const heads = await listLogHeads(source.db, [...shared.keys()]).catch(() => new Map<string, number>()); // away: at the next look
    for (const [taskId, head] of heads) shared.get(taskId)?.learn(head);
  };
  return {
    open(taskId, ring) {
      const feed = shared.get(taskId) ?? new SharedFeed(source.db, taskId);
      if (feed.readers.size === 0) {
        shared.set(taskId, feed);
        feed.unsubscribe = source.logs.subscribe(taskId, (lines) => feed.hear(lines));
        net ??= setInterval(() => void lookAtAll(), netMs).unref();
      }
      feed.readers.add(ring);
      return {
        head: () => feed.head,
        recent: (after) => feed.recentAfter(after),
        isBehind: () => feed.isBehind,
        look: () => feed.look(),
        read: (after) => feed.read(after),
        close: () => {
          feed.readers.delete(ring);
          if (feed.readers.size > 0) return;
          feed.unsubscribe();
          if (shared.get(taskId) === feed) shared.delete(taskId);
          if (shared.size > 0) return;
          clearInterval(net);
          net = undefined;
        },
      };
    },
  };
}

class SharedFeed {
  readonly readers = new Set<() => void>();
  unsubscribe = () => {};
  head: number | undefined;
  isBehind = true;
  readonly #db: Queryable;
  readonly #taskId: string;
  /** Ends with the head. */
  #recent: LogLine[] = [];
  #recentLength = 0;
  #looking: Promise<void> | undefined;
  /** Those that are being read, by page and by what the head was when it began. */
  readonly #pages = new Map<string, Promise<readonly LogLine[]>>();

  constructor(db: Queryable, taskId: string) {
    this.#db = db;
    this.#taskId = taskId;
  }

  /** Nothing told, or not what comes next: another process wrote too, and the table knows. */
  hear(lines: readonly LogLine[]): void {
    const { head } = this;
    const next = head === undefined ? [] : lines.filter((line) => line.seq > head);
    if (head !== undefined && next[0]?.seq === head + 1) this.#append(next);
    else if (lines.length === 0 || head === undefined || next.length > 0) this.isBehind = true;
    this.#ring();
  }

  #ring(): void {
    for (const ring of this.readers) ring();
  }

  learn(head: number): void {
    if (this.head !== undefined && head > this.head) this.hear([]);
  }

  recentAfter(after: number): readonly LogLine[] {
    const first = this.#recent[0]?.seq ?? Number.POSITIVE_INFINITY;
    return after + 1 < first ? [] : this.#recent.slice(after + 1 - first, after + 1 - first + pageSize);
  }

  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    this.isBehind = false; // first: what is told from here on comes after the page, or is in it
    try {
      if (this.head === undefined) this.head = (await findLogExtent(this.#db, this.#taskId))?.lastSeq ?? 0;
      else {
        const head = this.head;
        const { items } = await listLogs(this.#db, this.#taskId, { after: head, limit: pageSize, order: 'asc' });
        if (items.length === pageSize) this.isBehind = true;
        this.#append(items.filter((line) => line.seq > (this.head ?? head)));
      }
    } catch (e) {
      this.isBehind = true;
      throw e;
    } finally {
      this.#ring(); // who asked meanwhile was told that nothing is new
    }
  }

  read(after: number): Promise<readonly LogLine[]> {
    const page = Math.floor(after / pageSize);
    const key = `${page}:${this.head}`; // a read that began before the last lines were there does not have them
    const reading = this.#pages.get(key) ?? this.#readPage(page, key);
    return reading.then((lines) => lines.filter((line) => line.seq > after));
  }

  /** The same stretches for everybody, so that readers at about the same place share one read. */
  #readPage(page: number, key: string): Promise<readonly LogLine[]> {
    const stretch = {
      after: page * pageSize,
      before: (page + 1) * pageSize + 1,
      limit: pageSize,
      order: 'asc',
    } as const;
    const reading = listLogs(this.#db, this.#taskId, stretch)
      .then(({ items }) => items)
      .finally(() => this.#pages.delete(key));
    this.#pages.set(key, reading);
    return reading;
  }

  #append(lines: readonly LogLine[]): void {
    for (const line of lines) {
      this.#recent.push(line);
      this.#recentLength += line.message.length;
    }
    this.head = this.#recent.at(-1)?.seq ?? this.head;
    if (this.#recent.length <= mostRecent && this.#recentLength <= mostRecentLength) return;
    // To half of the limits, so that not every line moves all others.
    let dropped = 0;
    for (; dropped < this.#recent.length - 1; dropped++) {
      if (this.#recent.length - dropped <= mostRecent / 2 && this.#recentLength <= mostRecentLength / 2) break;
      this.#recentLength -= this.#recent[dropped]?.message.length ?? 0;
    }
    this.#recent = this.#recent.slice(dropped);
  }
}
