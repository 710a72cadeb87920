import { makeCase, makeReport, type TestCase, type TestReport } from '#src/domain/test-report/report.ts';

const pointPattern = /^(not )?ok\b(?: +\d+)?(?: +-)? *(.*)$/;
const isTap = (lines: readonly string[]) =>
  lines.some((line) => /^TAP version 1[34]\b/.test(line)) ||
  (lines.some((line) => /^1\.\.\d+/.test(line)) && lines.some((line) => /^(not )?ok\b/.test(line)));

type Place = { indent: number; name: string };

/**
 * TAP 13 and 14, with subtests as Node, node-tap and Vitest write them: a point that holds others is no test of its own, unless
 * it failed and none of them did. Undefined when the text is no TAP.
 */
export function readTap(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  if (!isTap(lines)) return undefined;
  const reader = new TapReader();
  for (const line of lines) reader.line(line);
  return makeReport('tap', reader.cases, { durationMs: reader.durationMs });
}

class TapReader {
  cases: TestCase[] = [];
  durationMs: number | null = null;
  #places: Place[] = [];
  #lastIndent = 0;
  /** How many cases there were after the latest point of each indent or less. */
  #before: { indent: number; count: number }[] = [];
  #block: { indent: number; lines: string[] } | undefined;

  line(line: string): void {
    const indent = line.length - line.trimStart().length;
    const words = line.trim();
    if (this.#inBlock(line, words, indent)) return;
    const subtest = /^# Subtest: (.*)$/.exec(words)?.[1];
    const point = pointPattern.exec(words);
    if (subtest !== undefined) this.#enter(indent, subtest);
    else if (point) this.#point(indent, { failed: point[1] !== undefined, text: point[2] ?? '' });
    else if (words === '---') this.#block = { indent, lines: [] };
    else if (words.startsWith('Bail out!'))
      this.cases.push(makeCase({ name: words, status: 'failed', message: words }));
    else this.durationMs = Number(/^# duration_ms ([\d.]+)$/.exec(words)?.[1] ?? this.durationMs ?? Number.NaN) || null;
  }

  #enter(indent: number, name: string): void {
    this.#leave(indent);
    this.#places.push({ indent, name });
  }

  #leave(indent: number): void {
    while ((this.#places.at(-1)?.indent ?? -1) >= indent) this.#places.pop();
  }

  #point(indent: number, { failed, text }: { failed: boolean; text: string }): void {
    const [, name = '', directive = ''] = /^(.*?)(?:(?:^|\s)#\s*((?:skip|todo|time=).*))?$/i.exec(text) ?? [];
    const isOpening = /\{$/.test(text);
    const isParent = this.#lastIndent > indent;
    this.#leave(indent);
    const first = this.#countBefore(indent);
    const hasFailed = this.cases.slice(first).some(({ status }) => status === 'failed');
    const isSkipped = /^(skip|todo)/i.test(directive);
    this.#lastIndent = indent;
    if (isOpening) this.#places.push({ indent, name: name.replace(/\s*(# time=.*)?\{$/, '') });
    else if (!isParent || (failed && !isSkipped && !hasFailed)) {
      const path = [...this.#places.map((place) => place.name), name.trim()];
      const status = isSkipped ? 'skipped' : failed ? 'failed' : 'passed';
      const reason = directive.replace(/^(skip|todo)\S*\s*/i, '') || null;
      const time = /^time=([\d.]+)ms/.exec(directive)?.[1];
      const durationMs = time === undefined ? null : Number(time);
      this.cases.push(makeCase({ name: path.join(' > '), status, message: isSkipped ? reason : null, durationMs }));
    }
    this.#before = this.#before.filter((mark) => mark.indent < indent);
    this.#before.push({ indent, count: this.cases.length });
  }

  /** Cases from here on lie below a point of this indent. */
  #countBefore(indent: number): number {
    return this.#before.findLast((mark) => mark.indent <= indent)?.count ?? 0;
  }

  /** A block of YAML tells more of the point before it. */
  #inBlock(line: string, words: string, indent: number): boolean {
    const block = this.#block;
    if (!block) return false;
    if (words !== '...' && indent >= block.indent) {
      if (block.lines.length < 200) block.lines.push(line.slice(block.indent, block.indent + 1000));
      return true;
    }
    this.#block = undefined;
    const last = this.cases.at(-1);
    if (last) describe(last, block.lines);
    return words === '...';
  }
}

function describe(found: TestCase, lines: readonly string[]): void {
  const duration = lines.map((line) => /^duration_ms: ([\d.]+)/.exec(line)?.[1]).find(Boolean);
  if (duration && found.durationMs === null) found.durationMs = Number(duration);
  if (found.status !== 'failed' || found.message !== null) return;
  const noise = /^(duration_ms|type|failureType|name|code):/;
  const location = lines.map((line) => /^(?:location|at): ['"]?(.*?):\d+:\d+['"]?$/.exec(line)?.[1]).find(Boolean);
  found.file ??= location ?? null;
  found.message =
    lines
      .filter((line) => !noise.test(line))
      .join('\n')
      .trim() || null;
}
