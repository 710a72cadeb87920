/**
 * One task's log as the page sees it: how many lines there are (asked once for each connection, then counted as lines come),
 * pages of what is looked at, and the newest lines. Those who show lines hear at a pace that the browser can keep, those who show counts four times a second.
 */
import type { LogLine, LogSelection, LogSummary } from '#src/domain/log.ts';
import type { LogFacet } from '#src/domain/log-facets.ts';
import { messageOf } from '#src/errors.ts';
import { createPacer } from './frame-pacer.ts';
import { placeOf } from './log-choice.ts';
import { LogPages, pageSize } from './log-pages.ts';
import { openLogStream } from './log-stream.ts';
import { api, codeOf } from './queries.ts';
import type { SocketState } from './socket.ts';

export type LogFacts = LogSummary & {
  /** Of the connection; `loading` until it is known how many lines there are. */
  state: SocketState | 'loading';
  /** Why there is nothing, or not all that should be on the screen. */
  error?: string;
};

const factsMs = 250;
const mostReads = 3;
const resyncMs = 1_000;
const counted = {
  phase: 'byPhase',
  level: 'byLevel',
  source: 'bySource',
  attempt: 'byAttempt',
} as const satisfies Record<LogFacet, keyof LogSummary>;
const nothing = { byPhase: {}, byLevel: {}, bySource: {}, byAttempt: {} };
const none = { firstSeq: 0, lastSeq: 0, total: 0, matched: 0, ...nothing, removed: null };

export class LogSource {
  readonly pages = new LogPages();
  readonly taskId: string;
  readonly selection: LogSelection;
  facts: LogFacts = { ...none, state: 'loading' };
  /** Grows whenever lines came. */
  version = 0;
  /** Changes with each line; `facts` is a copy for those who show it. */
  #counts: LogSummary = none;
  #listeners = { lines: new Set<() => void>(), facts: new Set<() => void>() };
  #pacer = createPacer(() => {
    this.version += 1;
    for (const listener of this.#listeners.lines) listener();
  });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resync: ReturnType<typeof setTimeout> | undefined;
  #reads = new Map<number, AbortController>();
  #wanted: number[] = [];
  #close: (() => void) | undefined;

  constructor(taskId: string, selection: LogSelection) {
    this.taskId = taskId;
    this.selection = selection;
  }

  start(): void {
    this.stop();
    this.#close = openLogStream({
      taskId: this.taskId,
      filter: async () => {
        await this.#ask();
        const { q, regex, case: isCase } = this.selection;
        return { after: this.#counts.lastSeq, q, regex, case: isCase };
      },
      onLines: (lines) => {
        for (const line of lines) this.#take(line);
      },
      onRefused: (error) => this.#tell({ error: error.message, state: 'lost' }),
      onState: (state) => this.#tell(this.facts.state === 'loading' ? {} : { state }),
    });
  }

  stop(): void {
    this.#close?.();
    for (const read of this.#reads.values()) read.abort();
    this.#reads.clear();
    this.#pacer.stop();
    clearTimeout(this.#timer);
    clearTimeout(this.#resync);
    this.#timer = this.#resync = undefined;
  }

  /** What is on the screen: reads what of it is not here yet. */
  look(range: { from: number; to: number }): void {
    this.#wanted = this.pages.look(range);
    for (const [index, read] of this.#reads)
      if (!this.#wanted.includes(index)) {
        read.abort();
        this.#reads.delete(index);
      }
    for (const index of this.#wanted)
      if (!this.#reads.has(index) && this.#reads.size < mostReads) void this.#read(index);
  }

  /** The place of a line, or of the next one that is shown. Undefined where the server does not say, which is told. */
  async positionOf(seq: number): Promise<number | undefined> {
    const known = this.pages.positionOf(seq);
    if (known !== undefined) return known;
    if (Object.keys(this.selection).length === 0) return Math.max(0, seq - this.#counts.firstSeq); // numbers are dense
    try {
      const query = { ...this.selection, before: seq };
      return (await api.getLogSummary({ params: { taskId: this.taskId }, query })).matched;
    } catch (e) {
      this.#tell({ error: messageOf(e) });
      return undefined;
    }
  }

  onLines = (listener: () => void) => subscribe(this.#listeners.lines, listener);
  onFacts = (listener: () => void) => subscribe(this.#listeners.facts, listener);
  getVersion = () => this.version;
  getFacts = () => this.facts;

  async #ask(): Promise<void> {
    try {
      const query = this.selection;
      this.#counts = await api.getLogSummary({ params: { taskId: this.taskId }, query });
      this.pages.total = this.#counts.matched;
      const state = this.facts.state === 'loading' ? 'connecting' : this.facts.state;
      this.#tell({ ...this.#counts, state, error: undefined });
      this.#changed();
    } catch (e) {
      this.#tell({ error: messageOf(e) });
      if (codeOf(e) !== 'server_unavailable') this.stop();
      throw e;
    }
  }

  #take(line: LogLine): void {
    const counts = this.#counts;
    // A line sent again after a reconnection.
    if (line.seq <= counts.lastSeq) return;
    const { among, values, isShown } = placeOf(line, this.selection);
    this.#counts = {
      ...counts,
      firstSeq: counts.firstSeq || line.seq,
      lastSeq: line.seq,
      total: counts.total + (counts.lastSeq === 0 ? 1 : line.seq - counts.lastSeq), // dense, also where the stream brings only what is found
      matched: counts.matched + (isShown ? 1 : 0),
    };
    for (const facet of among) {
      const [by, name] = [counts[counted[facet]], values[facet] ?? '-'];
      by[name] = (by[name] ?? 0) + 1;
    }
    if (isShown) this.pages.append(line);
    this.#changed();
  }

  async #read(index: number): Promise<void> {
    const abort = new AbortController();
    this.#reads.set(index, abort);
    try {
      const query = { ...this.selection, offset: index * pageSize, limit: pageSize };
      const { items } = await api.listLogs({ params: { taskId: this.taskId }, query }, { signal: abort.signal });
      if (abort.signal.aborted) return;
      this.#reads.delete(index);
      // What the stream has not brought yet, it still brings.
      const lines = items.filter((line) => line.seq <= this.#counts.lastSeq);
      if (this.facts.error) this.#tell({ error: undefined });
      if (this.pages.fill(index, lines)) this.#changed();
      else this.#askAgain();
    } catch (e) {
      if (abort.signal.aborted) return;
      this.#reads.delete(index);
      this.#tell({ error: messageOf(e) });
      if (codeOf(e) === 'server_unavailable') this.#askAgain();
    }
  }

  /** The server has fewer lines than were counted: retention took them, or it was away. */
  #askAgain(): void {
    this.#resync ??= setTimeout(() => {
      this.#resync = undefined;
      this.start();
    }, resyncMs);
  }

  #changed(): void {
    this.#pacer.ask();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell(structuredClone(this.#counts));
    }, factsMs);
  }

  #tell(facts: Partial<LogFacts>): void {
    this.facts = { ...this.facts, ...facts };
    for (const listener of this.#listeners.facts) listener();
  }
}

function subscribe(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
