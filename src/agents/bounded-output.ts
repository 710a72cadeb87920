/**
 * Lets a program wait while what it wrote is not worked off: between its output and a reader that queues without a limit, as the
 * Agent SDK does. So many bytes go in at a time; the next ones when the queue is empty, which is known by its next message not
 * coming at once.
 */
import { Transform } from 'node:stream';

export class BoundedOutput {
  /** Between the program's output and the reader. */
  readonly stream: Transform;
  #admitted = 0;
  #held: (() => void) | undefined;
  #isWaiting = false;
  #isOver = false;

  constructor(limitBytes: number) {
    this.stream = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#admitted += chunk.length;
        this.stream.push(chunk);
        if (this.#isOver || this.#admitted < limitBytes) return done();
        this.#held = done;
        this.#releaseSoon();
      },
    });
  }

  /** The reader's messages, one after the other, each when the one before is worked off. */
  async *follow<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = messages[Symbol.asyncIterator]();
    try {
      for (;;) {
        this.#isWaiting = true;
        this.#releaseSoon();
        const next = await iterator.next();
        this.#isWaiting = false;
        if (next.done) return;
        yield next.value;
      }
    } finally {
      this.#isOver = true;
      this.#release();
      await iterator.return?.();
    }
  }

  /** A message that is in the queue is there before this comes to it. */
  #releaseSoon(): void {
    setImmediate(() => this.#isWaiting && this.#release());
  }

  #release(): void {
    this.#admitted = 0;
    const go = this.#held;
    this.#held = undefined;
    go?.();
  }
}
