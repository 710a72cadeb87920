/** Finds out what a text is and reads it: a report file of whatever tool, or what a test command printed. */
import { readCargo } from '#src/domain/test-report/cargo.ts';
import { readGoJson, readGoText } from '#src/domain/test-report/go.ts';
import { readJest } from '#src/domain/test-report/jest.ts';
import { readJunit } from '#src/domain/test-report/junit.ts';
import { readNode } from '#src/domain/test-report/node.ts';
import { readJestText, readMocha, readVitest } from '#src/domain/test-report/printed.ts';
import { readPytest } from '#src/domain/test-report/pytest.ts';
import { maxReportChars, mergeReports, type TestReport } from '#src/domain/test-report/report.ts';
import { readTap } from '#src/domain/test-report/tap.ts';

type Reader = (text: string) => TestReport | undefined;

/** Made for programs: where one of these is in the output, what was printed for people tells nothing new. */
const forPrograms: readonly Reader[] = [readJest, readGoJson, readTap];
const forPeople: readonly Reader[] = [readCargo, readPytest, readNode, readVitest, readJestText, readGoText, readMocha];

/** Undefined when it is no report that we know. */
export function readReportFile(text: string): TestReport | undefined {
  const head = text.slice(0, maxReportChars);
  if (/^\uFEFF?\s*</.test(head)) return readJunit(head);
  return first([...forPrograms, ...forPeople], plain(head));
}

/** `stdout` and `stderr` of a test command: some tools write their summary to the second. */
export function readOutput(stdout: string, stderr: string): TestReport | undefined {
  const texts = [stdout, stderr].map((text) => plain(text.slice(-maxReportChars)));
  for (const readers of [forPrograms, forPeople])
    for (const text of texts) {
      const found = first(readers, text);
      if (found) return found;
    }
  return undefined;
}

/** Of several files of one run, the report of them all. */
export const readReportFiles = (texts: readonly string[]): TestReport | undefined =>
  mergeReports(texts.map(readReportFile).filter((report) => report !== undefined));

const first = (readers: readonly Reader[], text: string): TestReport | undefined => {
  for (const read of readers) {
    const report = read(text);
    if (report) return report;
  }
  return undefined;
};

/** Without colours and other controls of a terminal (ECMA-48 control sequences). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const plain = (text: string): string => text.replace(/\u001b\[[\d;?]*[ -/]*[@-~]/g, '');
