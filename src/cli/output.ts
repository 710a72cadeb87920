/** What people see: plain columns and colours on a terminal; and the one JSON document that scripts read. */
import { stripVTControlCharacters, styleText } from 'node:util';
import type { Io, JsonOption } from '#src/cli/verb.ts';
import { withoutTurns } from '#src/domain/display.ts';

type Out = Pick<Io, 'stdout' | 'isTTY' | 'columns'>;

/** Prints the value as one JSON document, or what `people` writes of it. */
export function print<T>(io: Out, options: JsonOption, value: T, people: (value: T) => string): void {
  io.stdout(options.json ? `${JSON.stringify(value, null, 2)}\n` : withEnd(people(value)));
}

/** Rows as columns under a heading. The last column is cut at the edge of a terminal. */
export function table(io: Out, heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heading, ...rows].map((row) => row.map((cell) => oneLine(cell)));
  const widths = heading.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, i) => (i === 0 ? dim(io, cut(io, line)) : cut(io, line))).join('\n');
}

/** Names and values, one pair a line; pairs without a value are left out. */
export function pairs(io: Out, entries: readonly (readonly [string, string | number | null | undefined])[]): string {
  const shown = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${dim(io, name.padEnd(width))}  ${plain(String(value))}`).join('\n');
}

/** As people read it; a dash where it is not known. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return '-';
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

export const dim = (io: Out, text: string): string =>
  io.isTTY ? styleText('dim', text, { validateStream: false }) : text;

const colours = { good: 'green', bad: 'red', live: 'cyan', waits: 'yellow' } as const;
export const colour = (io: Out, tone: keyof typeof colours, text: string): string =>
  io.isTTY ? styleText(colours[tone], text, { validateStream: false }) : text;

/** Text of others (titles, logs) without what could steer a terminal or turns text around; line ends and tabs stay. */
export const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  withoutTurns(stripVTControlCharacters(text)).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');

/** The same on one line. */
export const oneLine = (text: string) => plain(text).replace(/\s+/g, ' ');
const cut = (io: Out, line: string) =>
  io.isTTY && line.length > io.columns ? `${line.slice(0, Math.max(0, io.columns - 1))}…` : line;
const withEnd = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
