import { makeCase, makeReport, seconds, type TestCase, type TestReport } from '#src/domain/test-report/report.ts';
import { readXml } from '#src/domain/test-report/xml.ts';

/**
 * JUnit XML in all its dialects: Ant, Surefire (with `flakyFailure` of its reruns), Gradle, pytest, Vitest, Node, jest-junit.
 * Undefined when it holds no suite.
 */
export function readJunit(text: string): TestReport | undefined {
  const reader = new JunitReader();
  readXml(text, reader);
  return reader.report();
}

const isPath = (text: string) => /[\\/]/.test(text) && /\.\w{1,5}$/.test(text);
const maxText = 8_000;

class JunitReader {
  #cases: TestCase[] = [];
  #suites: { name: string; file: string | undefined }[] = [];
  #seen = false;
  #durationMs: number | null = null;
  #case: TestCase | undefined;
  /** What lies in the element that tells of a failure. */
  #text: string | undefined;

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'testsuites' || name === 'testsuite') this.#openSuite(attributes);
    else if (name === 'testcase') this.#case = this.#begin(attributes);
    else if (this.#case) this.#outcome(name, attributes);
  }

  text(text: string): void {
    if (this.#text !== undefined && this.#text.length < maxText) this.#text += text.slice(0, maxText);
  }

  close(name: string): void {
    if (name === 'testsuite') this.#suites.pop();
    if (name === 'testcase' && this.#case) {
      this.#cases.push(this.#case);
      this.#case = undefined;
    }
    if (this.#text === undefined || !this.#case || !/^(failure|error|skipped|flakyFailure|flakyError)$/.test(name))
      return;
    const words = this.#text.trim();
    const said = this.#case.message ?? '';
    this.#case.message = (words.includes(said) ? words : [said, words].filter(Boolean).join('\n')) || null;
    this.#text = undefined;
  }

  report(): TestReport | undefined {
    if (!this.#seen) return undefined;
    if (this.#case && this.#case.status !== 'passed') this.#cases.push(this.#case); // cut off here: how it ended is unknown
    return makeReport('junit', this.#cases, { durationMs: this.#durationMs });
  }

  #openSuite({ name = '', file, time }: Readonly<Record<string, string>>): void {
    if (this.#suites.length === 0 && time !== undefined && name !== undefined)
      this.#durationMs = (this.#durationMs ?? 0) + (seconds(time) ?? 0);
    this.#seen = true;
    this.#suites.push({ name, file });
  }

  #begin({ name = '', classname = '', file, time }: Readonly<Record<string, string>>): TestCase {
    const suite = this.#suites.at(-1);
    const place = file ?? suite?.file ?? [classname, suite?.name ?? ''].find(isPath) ?? null;
    const isOwner = classname !== '' && classname !== place && classname !== 'test' && !name.startsWith(classname);
    return makeCase({
      name: isOwner ? `${classname} > ${name}` : name,
      file: place,
      status: 'passed',
      durationMs: seconds(time),
    });
  }

  #outcome(name: string, { message, type }: Readonly<Record<string, string>>): void {
    const found = this.#case as TestCase;
    const said = message && message !== 'true' ? message : null;
    if (name === 'skipped' || name === 'disabled') found.status = 'skipped';
    // Node marks a test that is still to be done as skipped, then tells how it failed.
    else if (name === 'failure' || name === 'error') found.status = found.status === 'skipped' ? 'skipped' : 'failed';
    else if (name === 'flakyFailure' || name === 'flakyError') found.status = 'flaky';
    else return;
    found.message ??= said ?? type ?? null;
    this.#text = '';
  }
}
