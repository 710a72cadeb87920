/**
 * Takes secrets out of what people will read or what is kept: the values that Sentra knows, in each usual encoding and across line
 * ends, and what looks like one. A text is done at once; a stream by redact-stream.ts.
 */
import { Needles, type Range } from '#src/logs/needles.ts';
import { formsOf, minLength } from '#src/logs/secret-forms.ts';
import { findPatterns } from '#src/logs/secret-patterns.ts';

export type Redactor = (text: string) => string;

export type KnowingRedactor = Redactor & {
  /** One that is known only now, as the password in a project's own settings is. */
  learn(value: string): void;
  /** Where secrets stand, in order, apart from each other. */
  find(text: string): Range[];
  /** Where the end of the text may be the beginning of one. */
  partialAt(text: string): number;
  /** The characters of the longest form of a known one. */
  longest(): number;
  /** Every text in data, keys too; what is no JSON becomes what JSON makes of it. */
  deep<T>(data: T): T;
};

export const placeholder = '[redacted]';
/** Fewer characters of a secret at a line's end tell nothing. */
const leastPartial = 4;
/** What is longer is a file, not a secret. */
const maxLength = 16_384;

export function createRedactor(values: readonly string[]): KnowingRedactor {
  const needles = new Needles();
  const learn = (value: string) => {
    if (value.length >= minLength && value.length <= maxLength) for (const form of formsOf(value)) needles.add(form);
  };
  values.forEach(learn);
  const find = (text: string) => merge([...findKnown(needles, text), ...findPatterns(text)]);
  const redact = (text: string) => replace(text, find(text));
  return Object.assign(redact, {
    learn,
    find,
    partialAt(text: string) {
      const { joined, placeOf } = withoutLineEnds(text);
      const at = needles.partialAt(joined, leastPartial);
      return at === joined.length ? text.length : placeOf(at);
    },
    longest: () => needles.longest,
    deep: <T>(data: T): T => mapText(data, redact) as T,
  });
}

/** Also those that were broken into lines, as `base64` does. */
function findKnown(needles: Needles, text: string): Range[] {
  const found = needles.find(text);
  if (!/[\r\n]./.test(text)) return found;
  const { joined, placeOf } = withoutLineEnds(text);
  for (const [start, end] of needles.find(joined)) found.push([placeOf(start), placeOf(end - 1) + 1]);
  return found;
}

function withoutLineEnds(text: string): { joined: string; placeOf: (at: number) => number } {
  const parts = text.split(/[\r\n]/);
  const starts: number[] = []; // of each part in the joined text
  let length = 0;
  for (const part of parts) {
    starts.push(length);
    length += part.length;
  }
  return { joined: parts.join(''), placeOf: (at) => at + lastAtMost(starts, at) };
}

/** The index of the last number that is not above `most`. */
function lastAtMost(numbers: readonly number[], most: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((numbers[middle] as number) <= most) low = middle;
    else high = middle - 1;
  }
  return low;
}

function merge(ranges: Range[]): Range[] {
  if (ranges.length < 2) return ranges;
  const merged: [number, number][] = [];
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

function replace(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text;
  let [out, from] = ['', 0];
  for (const [start, end] of ranges) {
    out += text.slice(from, start) + placeholder;
    from = end;
  }
  return out + text.slice(from);
}

/** Every text in data, keys too. */
export function mapText(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapText(item, map));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), mapText(item, map)]));
}
