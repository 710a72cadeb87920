/**
 * Every three characters in a row, as numbers: a text can only occur where all of its trigrams do. Upper and lower case are one, and
 * characters beyond ASCII share numbers, so a block that has all of them may still not have the text, but never the other way round.
 */
const bits = 7;
const mask = (1 << bits) - 1;
const lowerAscii = Uint8Array.from({ length: 128 }, (_, code) => (code >= 65 && code <= 90 ? code + 32 : code));
/** More than this tell hardly more. */
const mostNeeded = 24;

/** The distinct trigrams of some lines, ascending. */
export function trigramsOf(lines: Iterable<string>): number[] {
  const found: number[] = [];
  for (const line of lines) addTrigrams(line, found);
  for (const trigram of found) seen[trigram] = 0;
  return found.sort((a, b) => a - b);
}

/** Trigrams that a line must have to contain all of these texts in any case. None where nothing can be promised. */
export function trigramsNeeded(texts: readonly string[]): number[] {
  const all = trigramsOf(texts.flatMap((text) => text.split(changingCase)));
  const step = Math.max(1, all.length / mostNeeded);
  return Array.from({ length: Math.min(all.length, mostNeeded) }, (_, at) => all[Math.floor(at * step)] as number);
}

/** Letters whose other case PostgreSQL and JavaScript may see differently. */
const changingCase = /(?=\P{ASCII})[\p{Ll}\p{Lu}\p{Lt}\p{M}]+/u;
/** Which ones were found; empty between two calls. A set of numbers takes five times as long. */
const seen = new Uint8Array(1 << (3 * bits));

function addTrigrams(line: string, found: number[]): void {
  const text = /\P{ASCII}/u.test(line) ? line.toLowerCase() : line;
  let trigram = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    trigram =
      ((trigram << bits) | (code < 128 ? (lowerAscii[code] as number) : (code * 31) & mask)) & (seen.length - 1);
    if (at < 2 || seen[trigram]) continue;
    seen[trigram] = 1;
    found.push(trigram);
  }
}
