/**
 * Keeps what a session writes, byte for byte, in compressed blocks: beside the readable lines and independent of them. A block is
 * stored when it is full or a second old. It is bounded by the task's quota, which is told once a session.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RawStream } from '#src/domain/log.ts';
import { pack } from '#src/logs/pack.ts';
import type { Database } from '#src/store/database.ts';
import { isUnavailable, shouldRepeat } from '#src/store/database-error.ts';
import { insertTranscriptBlock, type TranscriptBlock } from '#src/store/transcripts.ts';

export type TranscriptOptions = {
  database: Database;
  about: Pick<TranscriptBlock, 'sessionId' | 'taskId' | 'adwId' | 'phase' | 'name'>;
  /** Compressed bytes that are kept of the task. */
  quota: () => number;
  /** Told once. */
  onFull: (quota: number) => void;
  isDiskShort: () => boolean;
  /** Nothing can be stored any more: what waits for the database is given up. */
  isClosed: () => boolean;
};

const blockBytes = 256 * 1024;
/** So much may wait for the database before the session does. */
const backlogBytes = 1024 * 1024;
const blockAgeMs = 1_000;
const retryMs = 200;

type Pending = { chunks: Buffer[]; bytes: number; start: number };

export class Transcript {
  readonly #options: TranscriptOptions;
  readonly #pending = new Map<RawStream, Pending>();
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> = Promise.resolve();
  #backlog = 0;
  #blocks = 0;
  #isFull = false;

  constructor(options: TranscriptOptions) {
    this.#options = options;
  }

  /** Where the next byte of a stream comes to stand. */
  position(stream: RawStream): number {
    const pending = this.#pending.get(stream);
    return pending ? pending.start + pending.bytes : 0;
  }

  /** Resolves when the session may go on. */
  write(stream: RawStream, bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return Promise.resolve();
    const pending = this.#pending.get(stream) ?? { chunks: [], bytes: 0, start: 0 };
    this.#pending.set(stream, pending);
    pending.chunks.push(bytes);
    pending.bytes += bytes.length;
    if (pending.bytes >= blockBytes) this.#cut(stream, pending);
    else this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), blockAgeMs); // who ends the session hears of it;
    return this.#backlog > backlogBytes ? this.#storing : Promise.resolve();
  }

  /** Resolves when all that was written so far is stored. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [stream, pending] of this.#pending) this.#cut(stream, pending);
    return this.#storing;
  }

  #cut(stream: RawStream, pending: Pending): void {
    if (pending.bytes === 0) return;
    const block = { stream, start: pending.start, bytes: pending.bytes };
    const { chunks } = pending;
    this.#pending.set(stream, { chunks: [], bytes: 0, start: pending.start + pending.bytes });
    this.#backlog += block.bytes;
    this.#storing = this.#storing.then(async () => {
      if (!this.#isFull) await this.#store({ ...block, data: await pack(Buffer.concat(chunks)) });
      this.#backlog -= block.bytes;
    });
  }

  /** Its number makes it harmless to send a block again. */
  async #store(block: Pick<TranscriptBlock, 'stream' | 'start' | 'bytes' | 'data'>): Promise<void> {
    const { database, about, quota, onFull, isDiskShort, isClosed } = this.#options;
    const seq = ++this.#blocks;
    while (!isClosed()) {
      try {
        if (!isDiskShort()) {
          const kept = await insertTranscriptBlock(database.db, { ...about, ...block, seq });
          if (kept < quota()) return;
          this.#isFull = true;
          return onFull(quota());
        }
      } catch (e) {
        if (!isUnavailable(e) && !shouldRepeat(e)) throw e;
      }
      await sleep(retryMs);
    }
  }
}
