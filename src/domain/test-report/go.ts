import { z } from 'zod';
import { makeCase, makeReport, seconds, type TestCase, type TestReport } from '#src/domain/test-report/report.ts';

const GoEvent = z.looseObject({
  Action: z.string(),
  Package: z.string().optional(),
  Test: z.string().optional(),
  Elapsed: z.number().optional(),
  Output: z.string().optional(),
});
type GoEvent = z.infer<typeof GoEvent>;

const statuses: Readonly<Record<string, TestCase['status']>> = { pass: 'passed', fail: 'failed', skip: 'skipped' };
const maxOutput = 6_000;

/** The lines of `go test -json` (test2json). A test with subtests stands for them, unless it failed and none of them did. */
export function readGoJson(text: string): TestReport | undefined {
  const events = text.split('\n').flatMap(parseEvent);
  if (!events.some(({ Action }) => Action === 'pass' || Action === 'fail' || Action === 'skip')) return undefined;
  const output = new Map<string, string>();
  const ended: Ended[] = [];
  for (const event of events) {
    const name = event.Test ?? '';
    const key = `${event.Package}\0${name}`;
    const status = statuses[event.Action];
    if (event.Action === 'output') {
      const before = output.get(key) ?? '';
      if (before.length < maxOutput) output.set(key, before + (event.Output ?? ''));
    } else if (status && (name || status === 'failed')) {
      const found = makeCase({
        name: name || `${event.Package} does not build or was ended`,
        file: event.Package ?? null,
        status,
        message: status === 'passed' ? null : cleanOutput(output.get(key) ?? ''),
        durationMs: event.Elapsed === undefined ? null : event.Elapsed * 1000,
      });
      ended.push({ key, name, found });
    }
  }
  return makeReport('go test', leaves(ended), {});
}

function parseEvent(line: string): GoEvent[] {
  if (!line.startsWith('{"') || !line.includes('"Action"')) return [];
  try {
    const parsed = GoEvent.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function leaves(ended: readonly Ended[]): TestCase[] {
  const parents = new Set<string>();
  const failed = new Set<string>();
  for (const { key, name, found } of ended) {
    for (let at = key.lastIndexOf('/'); at > key.length - name.length; at = key.lastIndexOf('/', at - 1)) {
      parents.add(key.slice(0, at));
      if (found.status === 'failed') failed.add(key.slice(0, at));
    }
    if (name && found.status === 'failed') failed.add(`${found.file}\0`);
  }
  const isOwn = (key: string, found: TestCase) => found.status === 'failed' && !failed.has(key);
  return ended
    .filter(({ key, name, found }) => (name ? !parents.has(key) || isOwn(key, found) : isOwn(key, found)))
    .map(({ found }) => found);
}

const cleanOutput = (output: string): string | null =>
  output
    .split('\n')
    .filter((line) => !/^\s*(=== (RUN|PAUSE|CONT|NAME)|--- (PASS|FAIL|SKIP):|(FAIL|PASS)$)/.test(line))
    .join('\n')
    .trim() || null;

type Ended = { key: string; name: string; found: TestCase };

/**
 * What `go test` prints. Without `-v` it names only what failed, so a package that passed counts as one test; one without
 * test files counts for nothing.
 */
export function readGoText(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  if (!lines.some((line) => /^(ok {2}|FAIL|\? {3})\t\S+\t/.test(line))) return undefined;
  const cases: TestCase[] = [];
  let durationMs = 0;
  let here = new GoPackage();
  for (const line of lines) {
    const end = /^(ok {2}|FAIL)\t(\S+)\t(\S+)(.*)$/.exec(line);
    if (!end) here.line(line);
    else {
      cases.push(...here.end(end));
      durationMs += seconds(end[3]) ?? 0;
      here = new GoPackage();
    }
  }
  return makeReport('go test', cases, { durationMs });
}

class GoPackage {
  #ended: Ended[] = [];
  /** With `-v` what a test said stands above its line, below `=== RUN`; without, below it. */
  #said = new Map<string, string[]>();
  #current = '';

  line(line: string): void {
    const begun = /^=== (?:RUN|CONT|NAME) +(\S+)/.exec(line)?.[1];
    const test = /^ *--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)/.exec(line);
    if (test) {
      const [, word = '', name = '', took] = test;
      const status = statuses[word.toLowerCase()] ?? 'passed';
      this.#ended.push({ key: `\0${name}`, name, found: makeCase({ name, status, durationMs: seconds(took) }) });
    }
    this.#current = begun ?? test?.[2] ?? this.#current;
    const words = this.#said.get(this.#current) ?? [];
    if (!begun && !test && words.length < 60) this.#said.set(this.#current, [...words, line]);
  }

  end([, word = '', name = '', , rest = '']: RegExpExecArray): TestCase[] {
    for (const { name: test, found } of this.#ended)
      if (found.status !== 'passed') found.message = cleanOutput((this.#said.get(test) ?? []).join('\n'));
    if (this.#ended.length > 0) return leaves(this.#ended).map((found) => ({ ...found, file: name }));
    if (/no tests to run/.test(rest)) return [];
    if (word !== 'FAIL') return [makeCase({ name, file: name, status: 'passed' })];
    const message = [...(this.#said.get('') ?? []), rest].join('\n');
    return [makeCase({ name: `${name} does not build or was ended`, file: name, status: 'failed', message })];
  }
}
