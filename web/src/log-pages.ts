/**
 * The lines of a task that are kept in the page: some pages of what can be any number of lines. A position is the place of a
 * line among those that the filter lets through, from 0. A line never changes and never moves, so pages are only ever filled and
 * forgotten, never made wrong; what is kept does not depend on how many lines there are.
 */
import type { LogLine } from '#src/domain/log.ts';

export const pageSize = 200;
const mostPages = 50;
const mostCharacters = 8_000_000;
const mostEarly = 5_000;

type Page = { lines: LogLine[]; characters: number };
type Range = { from: number; to: number };

export class LogPages {
  total = 0;
  /** In the order of their last use. */
  readonly #pages = new Map<number, Page>();
  /** Live lines by position that came before the page that they belong to. */
  readonly #early = new Map<number, LogLine>();
  #characters = 0;
  #seen: Range = { from: 0, to: 0 };

  lineAt(position: number): LogLine | undefined {
    return this.#pages.get(Math.floor(position / pageSize))?.lines[position % pageSize];
  }

  /** A new line at the end. */
  append(line: LogLine): void {
    const position = this.total++;
    const index = Math.floor(position / pageSize);
    const page = this.#pages.get(index);
    if (page?.lines.length === position % pageSize) this.#add(page, line);
    else if (position % pageSize === 0) this.fill(index, [line]);
    else this.#keepEarly(position, line);
  }

  /** What the server said a page is; answers whether it then is all that was counted. */
  fill(index: number, lines: readonly LogLine[]): boolean {
    this.#forget(index);
    const page: Page = { lines: [], characters: 0 };
    this.#pages.set(index, page);
    for (const line of lines) this.#add(page, line);
    for (let next = this.#takeEarly(index, page); next; next = this.#takeEarly(index, page)) this.#add(page, next);
    this.#evict();
    return page.lines.length >= Math.min(pageSize, this.total - index * pageSize);
  }

  /** Tells what is looked at, which is kept; answers the pages that are not all there. */
  look({ from, to }: Range): number[] {
    this.#seen = { from, to };
    const missing: number[] = [];
    for (let index = Math.floor(from / pageSize); index * pageSize < Math.min(to, this.total); index++) {
      const page = this.#pages.get(index);
      const end = Math.min(to, this.total, (index + 1) * pageSize) - index * pageSize;
      if (!page || page.lines.length < end) missing.push(index);
      if (!page) continue;
      this.#pages.delete(index);
      this.#pages.set(index, page);
    }
    return missing;
  }

  /** Where a line is, as far as it is kept. */
  positionOf(seq: number): number | undefined {
    for (const [index, { lines }] of this.#pages) {
      const [first, last] = [lines[0], lines.at(-1)];
      if (!first || !last || first.seq > seq || last.seq < seq) continue;
      const at = lines.findIndex((line) => line.seq === seq);
      return at < 0 ? undefined : index * pageSize + at;
    }
    return undefined;
  }

  #add(page: Page, line: LogLine): void {
    page.lines.push(line);
    page.characters += line.message.length;
    this.#characters += line.message.length;
  }

  #keepEarly(position: number, line: LogLine): void {
    this.#early.set(position, line);
    const [oldest] = this.#early.keys();
    if (this.#early.size > mostEarly && oldest !== undefined) this.#early.delete(oldest);
  }

  #takeEarly(index: number, page: Page): LogLine | undefined {
    const position = index * pageSize + page.lines.length;
    const line = page.lines.length < pageSize ? this.#early.get(position) : undefined;
    this.#early.delete(position);
    return line;
  }

  #forget(index: number): void {
    this.#characters -= this.#pages.get(index)?.characters ?? 0;
    this.#pages.delete(index);
  }

  #evict(): void {
    for (const index of this.#pages.keys()) {
      if (this.#pages.size <= mostPages && this.#characters <= mostCharacters) return;
      const isSeen = index * pageSize < this.#seen.to && (index + 1) * pageSize > this.#seen.from;
      if (!isSeen) this.#forget(index);
    }
  }
}
