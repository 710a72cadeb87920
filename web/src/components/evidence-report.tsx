import { Check, ChevronDown, ChevronRight, Pencil, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { type Evidence, Verdict } from '#src/domain/evidence.ts';
import { formatDuration, plural } from '../format.ts';
import { Code } from '../ui/code.tsx';
import { Markdown } from '../ui/markdown.tsx';
import { AnsiText } from './ansi-text.tsx';

const TestData = z.looseObject({
  command: z.string().optional(),
  durationMs: z.number().optional(),
  output: z.string().optional(),
});
const PlanData = z.looseObject({ plan: z.string().optional() });

type Parts = { title: string; note: string; tag: string; tone: 'ok' | 'err' | 'warn'; body: ReactNode };

/** The proof of a phase, folded when it passed and open when it asks for attention. */
export function EvidenceReport({ evidence }: { evidence: Evidence }) {
  const parts = partsOf(evidence);
  const [open, setOpen] = useState(!evidence.passed || evidence.kind === 'plan');
  const Icon = parts.tone === 'ok' ? Check : parts.tone === 'err' ? X : Pencil;
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <div className="report">
      <button type="button" className="report-head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="tag" data-tone={parts.tone}>
          <Icon aria-hidden="true" />
          {parts.tag}
        </span>
        <span className="font-medium">{parts.title}</span>
        <span className="cut flex-1 text-second">
          <Code text={evidence.summary} />
        </span>
        <span className="cut max-w-60 text-xs text-second">{parts.note}</span>
        <Chevron aria-hidden="true" />
      </button>
      {open && <div className="border-t border-line">{parts.body}</div>}
    </div>
  );
}

function partsOf(evidence: Evidence): Parts {
  const tone = evidence.passed ? 'ok' : 'err';
  const tag = evidence.passed ? 'Passed' : 'Failed';
  switch (evidence.kind) {
    case 'plan': {
      const { plan } = PlanData.parse(evidence.data);
      return { title: 'Plan', note: '', tone, tag, body: <Padded>{plan && <Markdown text={plan} />}</Padded> };
    }
    case 'tests': {
      const { command, durationMs, output } = TestData.parse(evidence.data);
      const exit = evidence.exitCode === null ? undefined : `exit ${evidence.exitCode}`;
      const took = durationMs === undefined ? undefined : formatDuration(durationMs);
      return {
        title: `Test report, attempt ${evidence.attempt}`,
        note: [command, exit, took].filter(Boolean).join(' · '),
        tone,
        tag,
        body: <Output text={output ?? ''} />,
      };
    }
    case 'verdict': {
      const verdict = Verdict.parse(evidence.data);
      const sentBack = verdict.verdict === 'changes_requested';
      return {
        title: `Review verdict, attempt ${evidence.attempt}`,
        note: verdict.comments.length ? plural(verdict.comments.length, 'comment') : '',
        tone: sentBack ? 'warn' : 'ok',
        tag: sentBack ? 'Changes requested' : 'Approved',
        body: <Comments verdict={verdict} />,
      };
    }
    default:
      return {
        title: 'Not proved',
        note: evidence.phase,
        tone: 'warn',
        tag: 'No proof',
        body: <Padded>{evidence.summary}</Padded>,
      };
  }
}

const Padded = ({ children }: { children: ReactNode }) => <div className="px-3 py-2 text-body">{children}</div>;

function Output({ text }: { text: string }) {
  if (!text.trim()) return <Padded>The command wrote nothing.</Padded>;
  return (
    <pre className="code-block">
      <AnsiText text={text} />
    </pre>
  );
}

function Comments({ verdict }: { verdict: Verdict }) {
  return (
    <div className="flex flex-col gap-2 px-3 py-2">
      {verdict.summary && <p className="text-body">{verdict.summary}</p>}
      {verdict.comments.map((comment) => (
        <div key={`${comment.path}:${comment.line}:${comment.body}`}>
          {comment.path && (
            <span className="mono text-accent-text wrap-anywhere">
              {comment.path}
              {comment.line ? `:${comment.line}` : ''}
            </span>
          )}
          <Markdown text={comment.body} />
        </div>
      ))}
    </div>
  );
}
