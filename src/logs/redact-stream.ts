/**
 * Redacts bytes as they come, wherever they are cut. A line is let go when it is whole, and only then if its end is not the beginning
 * of a secret that a line end may interrupt; what was let go stays in mind, for one that began in it.
 */

import type { Range } from '#src/logs/needles.ts';
import { type KnowingRedactor, placeholder } from '#src/logs/redactor.ts';
import { openKeyAt } from '#src/logs/secret-patterns.ts';

/** Bytes without a line end are let go from here on, but for so many at their end: no pattern is longer. */
const mostHeld = 96 * 1024;
const leastHeld = 32 * 1024;
/** What is let go in good order ends in no more of a secret than this, line ends included. */
const shortContext = 16;
/** As far back as a private key may have begun. */
const keyLength = 16_384;

export class RedactStream {
  readonly #redactor: Pick<KnowingRedactor, 'find' | 'partialAt' | 'longest'>;
  /** Bytes as characters (latin1). */
  #held = '';
  #context = '';
  /** Held although it ends a line. */
  #isLineHeld = false;

  constructor(redactor: Pick<KnowingRedactor, 'find' | 'partialAt' | 'longest'>) {
    this.#redactor = redactor;
  }

  /** Answers what may go on. */
  add(chunk: Buffer): Buffer {
    const text = chunk.toString('latin1');
    this.#held += text;
    if (!text.includes('\n') && this.#held.length < mostHeld) return Buffer.alloc(0);
    return this.#release(this.#whole(), false);
  }

  /** Nothing came for a while: whole lines do not wait any longer. */
  settle(): Buffer {
    return this.#isLineHeld ? this.#release(this.#held.lastIndexOf('\n') + 1, true) : Buffer.alloc(0);
  }

  end(): Buffer {
    return this.#release(this.#held.length, true);
  }

  /** How much of what is held makes whole lines, or is too much to hold. */
  #whole(): number {
    const lines = this.#held.lastIndexOf('\n') + 1;
    return this.#held.length - lines < mostHeld ? lines : this.#held.length - leastHeld;
  }

  #release(wanted: number, isLast: boolean): Buffer {
    const before = this.#context.length;
    const all = this.#context + this.#held;
    const ranges = this.#redactor.find(all);
    let upTo = before + wanted;
    if (!isLast) upTo = Math.max(before, this.#safe(all, upTo, ranges));
    const out = cut(all, ranges, before, upTo);
    this.#held = all.slice(upTo);
    this.#context = all.slice(Math.max(0, upTo - (isLast ? 2 * this.#redactor.longest() : shortContext)), upTo);
    this.#isLineHeld = this.#held.includes('\n');
    return Buffer.from(out, 'latin1');
  }

  /** Nothing that may be the beginning of a secret, and none in two parts. */
  #safe(all: string, wanted: number, ranges: readonly Range[]): number {
    const tail = Math.max(0, wanted - keyLength);
    const text = all.slice(tail, wanted);
    const end = tail + Math.min(this.#redactor.partialAt(text), openKeyAt(text));
    const across = ranges.find(([start, stop]) => start < end && end < stop);
    return across ? across[0] : end;
  }
}

/** What stands from `from` to `to`, without the ranges; one that began before leaves no second mark. */
function cut(all: string, ranges: readonly Range[], from: number, to: number): string {
  let [out, at] = ['', from];
  for (const [start, end] of ranges) {
    if (end <= from || start >= to) continue;
    if (start > at) out += all.slice(at, start);
    if (start >= from) out += placeholder;
    at = Math.min(end, to);
  }
  return out + all.slice(at, to);
}
