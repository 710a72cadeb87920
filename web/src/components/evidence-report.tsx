import { Check, ChevronDown, ChevronRight, Pencil, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { z } from 'zod';
import { type Evidence, PlanEvidence, Verdict } from '#src/domain/evidence.ts';
import { TestEvidence } from '#src/domain/test-evidence.ts';
import { formatDuration, plural } from '../format.ts';
import { Code } from '../ui/code.tsx';
import { Markdown } from '../ui/markdown.tsx';
import { Output, TestEvidenceBody } from './test-evidence.tsx';

const CheckData = z.looseObject({
  name: z.string().default(''),
  command: z.string().default(''),
  output: z.string().default(''),
});
const DiffData = z.looseObject({ untouched: z.array(z.string()).default([]) });

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
      const { plan, gaps } = PlanEvidence.parse(evidence.data);
      const note = gaps.length > 0 ? `names no ${gaps.join(', no ')}` : '';
      return { title: 'Plan', note, tone, tag, body: <Padded>{plan && <Markdown text={plan} />}</Padded> };
    }
    case 'merge':
    case 'tests': {
      const data = TestEvidence.parse(evidence.data);
      const { command, durationMs } = data;
      const exit = evidence.exitCode === null ? undefined : `exit ${evidence.exitCode}`;
      return {
        title:
          evidence.kind === 'merge' ? 'Tested as the base would become' : `Test report, attempt ${evidence.attempt}`,
        note: command && [command, exit, formatDuration(durationMs)].filter(Boolean).join(' · '),
        tone: evidence.passed && (exit !== 'exit 0' || data.report?.flaky) ? 'warn' : tone,
        tag,
        body: <TestEvidenceBody taskId={evidence.taskId} data={data} />,
      };
    }
    case 'checks': {
      const { name, command, output } = CheckData.parse(evidence.data);
      const title = `Check ${name}, attempt ${evidence.attempt}`;
      return {
        title,
        note: command,
        tone,
        tag,
        body: (
          <Padded>
            <Output text={output} />
          </Padded>
        ),
      };
    }
    case 'diff': {
      const { untouched } = DiffData.parse(evidence.data);
      const left = untouched.length > 0 ? ` Named in the plan and not touched: ${untouched.join(', ')}.` : '';
      const title = `Change, attempt ${evidence.attempt}`;
      return { title, note: '', tone, tag, body: <Padded>{`${evidence.summary}${left}`}</Padded> };
    }
    case 'verdict': {
      const verdict = Verdict.parse(evidence.data);
      const sentBack = verdict.verdict === 'changes_requested';
      const refused = !sentBack && !evidence.passed;
      return {
        title: `Review verdict, attempt ${evidence.attempt}`,
        note: verdict.comments.length ? plural(verdict.comments.length, 'comment') : '',
        tone: refused ? 'err' : sentBack ? 'warn' : 'ok',
        tag: refused ? 'Not accepted' : sentBack ? 'Changes requested' : 'Approved',
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

function Comments({ verdict }: { verdict: Verdict }) {
  return (
    <div className="flex flex-col gap-2 px-3 py-2">
      {verdict.summary && <p className="text-body">{verdict.summary}</p>}
      {verdict.security && <p className="text-body">Security: {verdict.security}</p>}
      {verdict.performance && <p className="text-body">Performance: {verdict.performance}</p>}
      {verdict.comments.map((comment) => (
        <div key={`${comment.path}:${comment.line}:${comment.body}`}>
          {comment.severity && (
            <span className="tag mr-2" data-tone={comment.severity === 'blocking' ? 'err' : undefined}>
              {comment.severity}
            </span>
          )}
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
