/** Tasks as lines of text or Markdown: a task for each item of the outermost list, or for each line where there is no list. */

/** A task as its source has it, by the names of its columns in small letters. */
export type Entry = Readonly<Record<string, unknown>>;

const item = /^\s*(?<mark>(?:[-*+]|(?<number>\d{1,5})[.)])\s+)?(?:\[(?<box>[ xX])\]\s+)?(?<words>\S.*)$/;
const rule = /^\s*([-*_]\s*){3,}$/;
const heading = /^\s{0,3}(#{1,6}\s|=+\s*$)/;

const isBetween = (line: string): boolean => heading.test(line) || rule.test(line);

type Item = { entry: Record<string, unknown>; indent: number; lines: string[] };

/** What stands deeper than an item, lists too, is its description. Items may say `[bug]` or `[high]` first and `(after 1, 3)` at their end. */
export function readTaskLines(text: string): Entry[] {
  const lines = text.split(/\r?\n/);
  if (!lines.some((line) => readItem(line)))
    return lines.filter((line) => line.trim() && !isBetween(line)).map((line) => entryOf(line.trim()));
  const found: Item[] = [];
  let isAfterGap = false;
  for (const line of lines) {
    const last = found.at(-1);
    const { number, box, words = '' } = readItem(line) ?? {};
    const depth = widthOf(/^\s*/.exec(line)?.[0] ?? '');
    if (words && (!last || depth <= last.indent))
      found.push({
        indent: depth,
        lines: [],
        entry: { key: number ?? `t${found.length + 1}`, ...entryOf(words), ...(box?.trim() ? { done: 'x' } : {}) },
      });
    else if (last && line.trim() === '') last.lines.push('');
    else if (last && (depth > last.indent || !isAfterGap) && !isBetween(line)) last.lines.push(line);
    isAfterGap = line.trim() === '' || isBetween(line);
  }
  return found.map(({ entry, lines: below }) => ({ ...entry, description: dedent(below) }));
}

/** The parts of a line that begins like an item: with a mark, a number or a box. */
function readItem(line: string): { number?: string; box?: string; words?: string } | undefined {
  const { mark, box, ...parts } = item.exec(line)?.groups ?? {};
  if ((mark === undefined && box === undefined) || rule.test(line)) return undefined;
  return { ...parts, ...(box === undefined ? {} : { box }) };
}

const widthOf = (blank: string): number => blank.replaceAll('\t', '    ').length;

function dedent(lines: readonly string[]): string {
  const depthOf = (line: string) => /^\s*/.exec(line)?.[0].length ?? 0;
  const least = Math.min(
    ...lines
      .filter((line) => line.trim())
      .map(depthOf)
      .filter(Boolean),
  );
  return lines
    .map((line) => line.slice(Math.min(depthOf(line), least)))
    .join('\n')
    .trim();
}

/** `[bug] [high] Mend the login (after 1, 3)`. */
function entryOf(words: string): Record<string, unknown> {
  const after = /\(after\s(?<keys>[\w#,\s-]+)\)\s*$/i.exec(words);
  const marked = /^(?<marks>(?:\[[^\]]{1,40}\](?!\()\s*)*)(?<title>.*)$/s.exec(
    after ? words.slice(0, after.index) : words,
  )?.groups;
  const marks = [...(marked?.marks ?? '').matchAll(/\[([^\]]+)\]/g)].map(([, mark = '']) => mark.trim());
  return {
    title: (marked?.title ?? words).trim(),
    ...(marks.length > 0 ? { labels: marks } : {}),
    ...(after ? { dependencies: after.groups?.keys } : {}),
  };
}
