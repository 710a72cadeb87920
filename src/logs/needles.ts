/**
 * Finds any of many words in a text at once, after Wu and Manber: most of the text is passed over, because two characters that
 * stand in no word near its start tell how far the next one is away at least.
 */

/** From the first character to behind the last. */
export type Range = readonly [start: number, end: number];

const windowLength = 8;

export class Needles {
  /** Of the longest word. */
  longest = 0;
  readonly #words = new Set<string>();
  readonly #shifts = new Uint8Array(65_536).fill(windowLength - 1);
  readonly #ending = new Map<number, string[]>();
  /** By their first two characters. */
  readonly #beginning = new Map<number, string[]>();

  /** A word has at least eight characters. */
  add(word: string): void {
    if (this.#words.has(word)) return;
    this.#words.add(word);
    this.longest = Math.max(this.longest, word.length);
    for (let at = 1; at < windowLength; at++) {
      const pair = pairAt(word, at);
      this.#shifts[pair] = Math.min(this.#shifts[pair] as number, windowLength - 1 - at);
    }
    push(this.#ending, pairAt(word, windowLength - 1), word);
    push(this.#beginning, pairAt(word, 1), word);
  }

  /** Where words stand, the longest at each place; they do not overlap, and come in order. */
  find(text: string): Range[] {
    const found: Range[] = [];
    if (this.longest === 0) return found;
    for (let at = windowLength - 1; at < text.length; ) {
      const pair = pairAt(text, at);
      const shift = this.#shifts[pair] as number;
      if (shift > 0) {
        at += shift;
        continue;
      }
      const start = at - windowLength + 1;
      const length = this.#longestAt(text, start, pair);
      if (length > 0) found.push([start, start + length]);
      at += Math.max(1, length);
    }
    return found;
  }

  /** Where the end of the text may be the beginning of a word; its length when it cannot. */
  partialAt(text: string, least: number): number {
    for (let at = Math.max(0, text.length - this.longest + 1); at <= text.length - least; at++) {
      const words = this.#beginning.get(pairAt(text, at + 1));
      if (words?.some((word) => word.length > text.length - at && text.endsWith(word.slice(0, text.length - at))))
        return at;
    }
    return text.length;
  }

  #longestAt(text: string, start: number, pair: number): number {
    let length = 0;
    for (const word of this.#ending.get(pair) ?? [])
      if (word.length > length && text.startsWith(word, start)) length = word.length;
    return length;
  }
}

/** The two characters that end at a place. */
const pairAt = (text: string, at: number): number => ((text.charCodeAt(at - 1) << 8) ^ text.charCodeAt(at)) & 0xffff;

function push(lists: Map<number, string[]>, key: number, word: string): void {
  const list = lists.get(key);
  if (list) list.push(word);
  else lists.set(key, [word]);
}
