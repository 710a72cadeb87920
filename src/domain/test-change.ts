/** What a task's change does to the project's tests, told by its diff alone. Pure. */
import { z } from 'zod';
import type { DiffFile } from '#src/domain/pull-request.ts';

const paths = z.array(z.string());

export const TestChange = z.object({
  added: paths,
  changed: paths,
  /** Test files that are gone; a renamed one is a changed one. */
  deleted: paths,
  /** Lines that switch tests off, in test files that were there before: `path: line`. */
  skips: paths,
  /** True when the number of tests may differ from the base's: tests that were there, or what says which are run, changed. */
  touchesBase: z.boolean(),
});
export type TestChange = z.infer<typeof TestChange>;

const testFolder = /(^|\/)(tests?|__tests__|specs?|e2e|testing)\//i;
const testName =
  /(^|\/)(test_[^/]+\.py|[^/]+_test\.(go|py|rb|exs|dart|cc|cpp|c)|[^/]+_spec\.(rb|lua)|[^/]+[.-](test|spec|e2e|cy)\.[cm]?[jt]sx?|[^/]*Tests?\.(java|kt|kts|cs|swift|scala|php|groovy|m|fs|vb))$/;

export const isTestFile = (path: string): boolean => testName.test(path) || testFolder.test(path);

/** Files that say which tests are run, and how. */
const setting =
  /(^|\/)(package\.json|[^/]+\.config\.[cm]?[jt]s|\.mocharc[^/]*|pytest\.ini|pyproject\.toml|setup\.cfg|tox\.ini|conftest\.py|noxfile\.py|go\.mod|Cargo\.toml|pom\.xml|build\.gradle(\.kts)?|[Mm]akefile|Rakefile|justfile|[^/]+\.csproj|mix\.exs|phpunit\.xml[^/]*)$/;

const offSwitches: readonly RegExp[] = [
  /\b(it|test|describe|suite|context|specify)\.(skip|todo|only|fixme|skipIf|runIf)\b/,
  /\b(xit|xtest|xdescribe|xcontext|fit|fdescribe)\s*\(/,
  /\b(t|this|ctx|context)\.skip\s*\(/,
  /\bskip:\s*(true\b|['"`])/,
  /@(pytest\.mark\.(skip|skipif|xfail)\b|unittest\.(skip|expectedFailure))/,
  /\b(pytest\.skip|self\.skipTest)\s*\(/,
  /\b[tb]\.Skip(f|Now)?\s*\(/,
  /#\[ignore\b/,
  /@(Disabled|Ignore)\b/,
  /\[(Ignore|Fact\(Skip|Theory\(Skip)/,
];

/** What the diff from the base to the branch does. */
export function readTestChange(files: readonly DiffFile[]): TestChange {
  const tests = files.filter(({ path, oldPath }) => isTestFile(path) || (oldPath !== undefined && isTestFile(oldPath)));
  const named = (...statuses: DiffFile['status'][]) =>
    tests.filter(({ status }) => statuses.includes(status)).map(({ path }) => path);
  const lost = tests.filter(({ path, status }) => status === 'renamed' && !isTestFile(path)); // no runner looks there
  const was = tests.filter(({ status }) => status !== 'added');
  return {
    added: named('added'),
    changed: named('modified', 'renamed', 'type_changed').filter((path) => !lost.some((file) => file.path === path)),
    deleted: [...named('deleted'), ...lost.map(({ path, oldPath }) => oldPath ?? path)],
    skips: was.flatMap(addedSkips),
    touchesBase: was.length > 0 || files.some(({ path, oldPath }) => setting.test(path) || setting.test(oldPath ?? '')),
  };
}

/** Lines that were only moved or changed do not count: as many must have gone as came. */
function addedSkips({ path, patch }: DiffFile): string[] {
  const lines = patch.split('\n').filter((line) => offSwitches.some((pattern) => pattern.test(line)));
  const added = lines.filter((line) => line.startsWith('+'));
  const removed = lines.filter((line) => line.startsWith('-'));
  return added.slice(removed.length).map((line) => `${path}: ${line.slice(1).trim().slice(0, 200)}`);
}

/** Numbers of the lines that a patch adds, in the new version of the file. */
export function addedLines(patch: string): number[] {
  const numbers: number[] = [];
  let at = 0;
  for (const line of patch.split('\n')) {
    const start = /^@@ -\d+(?:,\d+)? \+(\d+)/.exec(line)?.[1];
    if (start !== undefined) at = Number(start);
    else if (line.startsWith('+')) numbers.push(at++);
    else if (line.startsWith(' ')) at++;
  }
  return numbers;
}
