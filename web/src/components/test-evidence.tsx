import { useState } from 'react';
import { changeLines, nameOf, type TestEvidence } from '#src/domain/test-evidence.ts';
import { countsText, type TestCase } from '#src/domain/test-report/report.ts';
import { formatDuration } from '../format.ts';
import { Button } from '../ui/button.tsx';
import { AnsiText } from './ansi-text.tsx';
import { Artifacts } from './artifacts.tsx';

const shownAtFirst = 20;

/** What a run of the tests shows: why it is not believed, which tests failed and how, and the output below. */
export function TestEvidenceBody({ taskId, data }: { taskId: string; data: TestEvidence }) {
  const { report, doubts, ofBase, output, artifacts } = data;
  const known = new Set(ofBase.map(nameOf));
  const cases = report?.cases ?? [];
  const failed = cases.filter((found) => found.status === 'failed' && !known.has(nameOf(found)));
  const flaky = cases.filter(({ status }) => status === 'flaky');
  return (
    <div className="flex flex-col gap-3 px-3 py-2">
      {doubts.map(({ code, message }) => (
        <p key={code} className="text-err-text wrap-anywhere">
          {message}.
        </p>
      ))}
      {report && <p className="text-second">{factsOf(data)}</p>}
      <Cases title="Failed" cases={failed} open />
      <Cases title="Flaky: failed at first, passed when run again" cases={flaky} />
      <Cases title="Failed as on the base" cases={ofBase} />
      <Change data={data} />
      {artifacts.length > 0 && <Artifacts taskId={taskId} artifacts={artifacts} />}
      <Output text={output} open={failed.length === 0} />
    </div>
  );
}

function factsOf({ report, base, retried, durationMs }: TestEvidence): string {
  return [
    report && `${countsText(report)} (${report.tool})`,
    formatDuration(durationMs),
    retried ? 'run twice, because it failed at first' : '',
    base && `on the base: ${base.counts ?? `exit ${base.exitCode ?? 'by a signal'}`}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function Cases({ title, cases, open = false }: { title: string; cases: readonly TestCase[]; open?: boolean }) {
  const [most, setMost] = useState(shownAtFirst);
  if (cases.length === 0) return null;
  return (
    <details open={open}>
      <summary className="cursor-pointer font-medium">
        {title} ({cases.length})
      </summary>
      <ul className="mt-1 flex flex-col gap-2">
        {cases.slice(0, most).map((found, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: names of tests may repeat, their order never changes
          <li key={at} className="border-l-2 border-line pl-2">
            <span className="mono wrap-anywhere">{nameOf(found)}</span>
            {found.message && (
              <pre className="code-block max-h-60 p-0 py-1">
                <AnsiText text={found.message} />
              </pre>
            )}
          </li>
        ))}
      </ul>
      {cases.length > most && (
        <Button look="ghost" size="small" onClick={() => setMost(most + 100)}>
          Show {Math.min(100, cases.length - most)} more
        </Button>
      )}
    </details>
  );
}

function Change({ data }: { data: TestEvidence }) {
  const lines = changeLines(data);
  if (lines.length === 0) return null;
  return (
    <ul className="text-second">
      {lines.map((line) => (
        <li key={line} className="wrap-anywhere">
          {line}
        </li>
      ))}
    </ul>
  );
}

export function Output({ text, open = true }: { text: string; open?: boolean }) {
  if (!text.trim()) return <p className="text-second">The command wrote nothing.</p>;
  return (
    <details open={open}>
      <summary className="cursor-pointer font-medium">Output</summary>
      <pre className="code-block mt-1">
        <AnsiText text={text} />
      </pre>
    </details>
  );
}
