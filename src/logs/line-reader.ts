/**
 * Makes readable lines of what a program writes. Bytes that are no text are counted and told in one line for all of them; the
 * transcript has them.
 */

/** A line of text, or how many bytes were none, from which byte of the stream on. */
export type ReadLine = { text: string } | { binary: { start: number; bytes: number } };

/** A line that is longer comes in pieces. */
const maxLineBytes = 16 * 1024 * 1024;
/** Between bytes that are no text some always look like a short line. */
const shortLine = 8;

export class LineReader {
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** Of the stream, up to the end of the last line. */
  #position = 0;
  #binary: { start: number; bytes: number } | undefined;

  add(bytes: Buffer): ReadLine[] {
    const lines: ReadLine[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      lines.push(...this.#line(bytes.subarray(from, end), 1));
      from = end + 1;
    }
    if (from < bytes.length) {
      this.#rest.push(bytes.subarray(from));
      this.#restBytes += bytes.length - from;
      if (this.#restBytes > maxLineBytes) lines.push(...this.#line(Buffer.alloc(0), 0));
    }
    return lines;
  }

  /** What is known of bytes that are no text, when nothing came for a while. */
  settle(): ReadLine[] {
    const { binary } = { binary: this.#binary };
    this.#binary = undefined;
    return binary ? [{ binary }] : [];
  }

  end(): ReadLine[] {
    return [...(this.#restBytes ? this.#line(Buffer.alloc(0), 0) : []), ...this.settle()];
  }

  #line(end: Buffer, lineEnd: number): ReadLine[] {
    const bytes = this.#rest.length ? Buffer.concat([...this.#rest, end]) : end;
    this.#rest = [];
    this.#restBytes = 0;
    const start = this.#position;
    this.#position += bytes.length + lineEnd;
    const text = bytes.toString('utf8');
    const bad = countUnreadable(text);
    const isBinary = bad >= 4 && bad * 5 > text.length;
    if (isBinary || (this.#binary && (bad > 0 || text.length < shortLine))) {
      this.#binary ??= { start, bytes: 0 };
      this.#binary.bytes = this.#position - this.#binary.start;
      return [];
    }
    return [...this.settle(), { text: text.endsWith('\r') ? text.slice(0, -1) : text }];
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no text has; tab, line ends, bell, backspace and escape may be
const unreadable = /[\u0000-\u0006\u000e-\u001a\u001c-\u001f\u007f-\u009f\ufffd]/g;

const countUnreadable = (text: string): number => text.match(unreadable)?.length ?? 0;
