/** How much of a change its tests have run: reports of lcov, Cobertura and Istanbul against the lines that a diff adds. Pure. */
import { z } from 'zod';
import type { DiffFile } from '#src/domain/pull-request.ts';
import { addedLines } from '#src/domain/test-change.ts';
import { maxReportChars } from '#src/domain/test-report/report.ts';
import { readXml } from '#src/domain/test-report/xml.ts';

export const ChangeCoverage = z.object({
  /** Changed lines that a report knows as code. */
  lines: z.number().int(),
  covered: z.number().int(),
  /** Where lines were not run. */
  missed: z.array(z.object({ path: z.string(), lines: z.array(z.number().int()) })),
});
export type ChangeCoverage = z.infer<typeof ChangeCoverage>;

/** By file and line: how often it was run. */
export type Coverage = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Undefined when the text is no report of coverage. */
export function readCoverage(text: string): Coverage | undefined {
  const head = text.slice(0, maxReportChars);
  if (/^\s*</.test(head)) return readCobertura(head);
  if (/^\s*\{/.test(head)) return readIstanbul(head);
  return /^SF:/m.test(head) ? readLcov(head) : undefined;
}

class Collector {
  files = new Map<string, Map<number, number>>();
  add(path: string, line: number, hits: number): void {
    if (!path || !Number.isInteger(line) || line < 1 || !(hits >= 0)) return;
    const lines = this.files.get(path) ?? new Map<number, number>();
    lines.set(line, Math.max(lines.get(line) ?? 0, hits));
    this.files.set(path, lines);
  }
}

function readLcov(text: string): Coverage {
  const found = new Collector();
  let path = '';
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('SF:')) path = line.slice(3).trim();
    const [, number, hits] = /^DA:(\d+),(\d+)/.exec(line) ?? [];
    if (number) found.add(path, Number(number), Number(hits));
  }
  return found.files;
}

function readCobertura(text: string): Coverage | undefined {
  const found = new Collector();
  let path = '';
  let seen = false;
  readXml(text, {
    open(name, { filename, number, hits }) {
      if (name === 'coverage') seen = true;
      if (name === 'class') path = filename ?? '';
      if (name === 'line') found.add(path, Number(number), Number(hits));
    },
    text() {},
    close() {},
  });
  return seen ? found.files : undefined;
}

const IstanbulJson = z.record(
  z.string(),
  z.looseObject({
    path: z.string().optional(),
    statementMap: z.record(z.string(), z.looseObject({ start: z.looseObject({ line: z.number() }) })),
    s: z.record(z.string(), z.number()),
  }),
);

function readIstanbul(text: string): Coverage | undefined {
  const found = new Collector();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined; // cut off, or something else
  }
  const parsed = IstanbulJson.safeParse(json);
  if (!parsed.success) return undefined;
  for (const [key, { path, statementMap, s }] of Object.entries(parsed.data))
    for (const [id, { start }] of Object.entries(statementMap)) found.add(path ?? key, start.line, s[id] ?? 0);
  return found.files;
}

/** Undefined when the reports know none of the changed lines. `root`: where the tests ran. */
export function coverageOfChange(
  files: readonly DiffFile[],
  reports: readonly Coverage[],
  root: string,
): ChangeCoverage | undefined {
  const sum: ChangeCoverage = { lines: 0, covered: 0, missed: [] };
  for (const { path, patch } of files) {
    const known = reports.flatMap((report) => linesOf(report, path, root));
    if (known.length === 0) continue;
    const hits = (line: number) => known.flatMap((lines) => lines.get(line) ?? []);
    const changed = addedLines(patch).filter((line) => hits(line).length > 0);
    const missed = changed.filter((line) => hits(line).every((times) => times === 0));
    sum.lines += changed.length;
    sum.covered += changed.length - missed.length;
    if (missed.length > 0 && sum.missed.length < 100) sum.missed.push({ path, lines: missed.slice(0, 200) });
  }
  return sum.lines > 0 ? sum : undefined;
}

/** Reports name files in full, from the root, or from a package below it. */
const linesOf = (report: Coverage, path: string, root: string): ReadonlyMap<number, number>[] => {
  const exact = report.get(`${root}/${path}`) ?? report.get(path) ?? report.get(`./${path}`);
  if (exact) return [exact];
  const near = [...report].filter(([name]) => !name.startsWith('/') && path.endsWith(`/${name}`));
  return near.length === 1 && near[0] ? [near[0][1]] : [];
};
