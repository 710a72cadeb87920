/** What a person means by a few words typed into the command palette. */

/** `text`: what is searched, in lower case and made once; it begins with the title. */
export type Findable = { text: string };

/** How well words fit: 0 the title begins with them, 1 each begins a word, 2 each occurs somewhere. */
export type Rank = 0 | 1 | 2;
export type Match<T> = { item: T; rank: Rank };

/** At most `most` items in which every word of the query occurs, the best first; equally good ones keep their order. */
export function findBest<T extends Findable>(items: readonly T[], query: string, most: number): Match<T>[] {
  const words = wordsOf(query);
  const found: Record<Rank, Match<T>[]> = { 0: [], 1: [], 2: [] };
  for (const item of items) {
    if (found[0].length >= most) break;
    const rank = rankOf(item.text, words);
    if (rank !== undefined) found[rank].push({ item, rank });
  }
  return [...found[0], ...found[1], ...found[2]].slice(0, most);
}

/** The word that leaves the least to choose from. */
export const longestWordOf = (query: string): string =>
  wordsOf(query).reduce((longest, word) => (word.length > longest.length ? word : longest), '');

/** The way that the words of a title, an id and a query are compared. */
export const findableText = (...parts: readonly string[]): string => wordsOf(parts.join(' ')).join(' ');

const wordsOf = (text: string): string[] => text.toLowerCase().split(/\s+/).filter(Boolean);

function rankOf(text: string, words: readonly string[]): Rank | undefined {
  if (!words.every((word) => text.includes(word))) return undefined;
  if (text.startsWith(words.join(' '))) return 0;
  return words.every((word) => beginsWord(text, word)) ? 1 : 2;
}

function beginsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!/[\p{L}\p{N}]/u.test(text.charAt(at - 1))) return true;
  return false;
}
