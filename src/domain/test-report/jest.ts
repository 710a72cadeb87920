import { z } from 'zod';
import { makeCase, makeReport, type TestReport } from '#src/domain/test-report/report.ts';

const Assertion = z.looseObject({
  fullName: z.string().optional(),
  title: z.string().optional(),
  ancestorTitles: z.array(z.string()).optional(),
  status: z.string(),
  duration: z.number().nullish(),
  failureMessages: z.array(z.string()).nullish(),
  /** Jest's `retryTimes`: failures of tries before the last. */
  retryReasons: z.array(z.string()).nullish(),
});

const JestJson = z.looseObject({
  numTotalTests: z.number(),
  testResults: z.array(
    z.looseObject({
      name: z.string().optional(),
      status: z.string().optional(),
      message: z.string().nullish(),
      startTime: z.number().nullish(),
      endTime: z.number().nullish(),
      assertionResults: z.array(Assertion).default([]),
    }),
  ),
});
type Suite = z.infer<typeof JestJson>['testResults'][number];

/** The JSON that Jest (`--json`) and Vitest (`--reporter=json`) write, also with other lines around it. */
export function readJest(text: string): TestReport | undefined {
  if (!text.includes('"numTotalTests"')) return undefined;
  const parsed = JestJson.safeParse(jsonIn(text));
  if (!parsed.success) return undefined;
  const { testResults } = parsed.data;
  const times = testResults.flatMap(({ startTime, endTime }) => (startTime && endTime ? [startTime, endTime] : []));
  const span =
    times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) - times.reduce((a, b) => Math.min(a, b)) : null;
  return makeReport('jest', testResults.flatMap(casesOf), { durationMs: span });
}

function casesOf({ name, status, message, assertionResults }: Suite) {
  const file = name ?? null;
  // A file that cannot even be loaded has no tests, but a failure.
  if (status === 'failed' && assertionResults.length === 0)
    return [makeCase({ name: file ?? 'suite', file, status: 'failed', message: message ?? null })];
  return assertionResults.map((found) => {
    const path = [...(found.ancestorTitles ?? []).filter(Boolean), found.title ?? ''].filter(Boolean).join(' > ');
    return makeCase({
      name: path || (found.fullName ?? ''),
      file,
      status: statusOf(found.status, found.retryReasons?.length ?? 0),
      message: found.failureMessages?.join('\n') || found.retryReasons?.join('\n') || null,
      durationMs: found.duration ?? null,
    });
  });
}

function statusOf(status: string, retries: number) {
  if (status === 'passed') return retries > 0 ? 'flaky' : 'passed';
  return status === 'failed' ? 'failed' : 'skipped';
}

/** The object from the first line that begins one to the last brace. */
function jsonIn(text: string): unknown {
  const start = text.search(/^\s*\{/m);
  const end = text.lastIndexOf('}');
  if (start < 0 || end < start) return undefined;
  try {
    return JSON.parse(text.slice(start, end + 1));
  } catch {
    return undefined; // cut off: what else was printed may tell
  }
}
