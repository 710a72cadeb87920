import {
  ChevronDown,
  ChevronRight,
  CircleDot,
  Eye,
  FileText,
  FlaskConical,
  GitMerge,
  ListChecks,
  MessageSquare,
  Minus,
  SquareTerminal,
  TriangleAlert,
} from 'lucide-react';
import { memo, useState } from 'react';
import type { Evidence } from '#src/domain/evidence.ts';
import type { LogLine } from '#src/domain/log.ts';
import { plainText } from '../ansi.ts';
import { type FeedItem, foldSummary } from '../feed.ts';
import { formatClock, formatClockMs, formatDuration, withClocks } from '../format.ts';
import { Code } from '../ui/code.tsx';
import { Markdown } from '../ui/markdown.tsx';
import { EvidenceReport } from './evidence-report.tsx';

const proofIcons: Record<Evidence['kind'], typeof Eye> = {
  plan: FileText,
  diff: CircleDot,
  checks: ListChecks,
  tests: FlaskConical,
  verdict: Eye,
  merge: GitMerge,
  none: Minus,
};

export const FeedEntry = memo(
  function FeedEntry({ item }: { item: FeedItem }) {
    const Icon = iconOf(item);
    return (
      <li className="feed-item">
        <time dateTime={item.at} title={formatClockMs(item.at)} className="text-xs leading-5 text-second">
          {formatClock(item.at)}
        </time>
        <Icon aria-hidden="true" />
        <div className="min-w-0">
          {item.kind === 'message' && <Markdown text={item.text} />}
          {item.kind === 'step' && <StepLine line={item.line} />}
          {item.kind === 'fold' && <Fold item={item} />}
          {item.kind === 'evidence' && <EvidenceReport evidence={item.evidence} />}
        </div>
      </li>
    );
  },
  (before, after) => isSame(before.item, after.item),
);

/** Items are made anew with each line; only a fold that grew, or evidence read again, looks different. */
function isSame(a: FeedItem, b: FeedItem): boolean {
  if (a.key !== b.key) return false;
  if (a.kind === 'fold' && b.kind === 'fold') return a.lines.length === b.lines.length;
  return a.kind !== 'evidence' || b.kind !== 'evidence' || a.evidence === b.evidence;
}

function iconOf(item: FeedItem): typeof Eye {
  if (item.kind === 'message') return MessageSquare;
  if (item.kind === 'fold') return SquareTerminal;
  if (item.kind === 'evidence') return proofIcons[item.evidence.kind];
  return item.line.level === 'error' || item.line.level === 'warn' ? TriangleAlert : CircleDot;
}

function StepLine({ line }: { line: LogLine }) {
  const tone = { error: 'text-err-text', warn: 'text-warn', info: 'text-second', debug: 'text-second' }[line.level];
  return (
    <p className={`wrap-anywhere whitespace-pre-line ${tone}`}>
      <Code text={withClocks(plainText(line.message), Date.now())} />
    </p>
  );
}

const longest = 200;

function Fold({ item }: { item: Extract<FeedItem, { kind: 'fold' }> }) {
  const [open, setOpen] = useState(false);
  const { title, detail } = foldSummary(item);
  const tookMs = Date.parse(item.until) - Date.parse(item.at);
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <>
      <button type="button" className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Chevron aria-hidden="true" />
        <span className="whitespace-nowrap">{title}</span>
        <span className="mono cut flex-1">{detail}</span>
        {tookMs >= 1000 && <span className="text-xs">{formatDuration(tookMs)}</span>}
      </button>
      {open && (
        <pre className="code-block mt-1 rounded-md border border-line">
          {item.lines.length > longest && `… ${item.lines.length - longest} earlier lines are in Logs\n`}
          {item.lines
            .slice(-longest)
            .map((line) => {
              const tool = line.metadata.kind === 'tool_call' && line.metadata.toolUsed;
              return `${tool ? `${tool}  ` : ''}${plainText(line.message)}`;
            })
            .join('\n')}
        </pre>
      )}
    </>
  );
}
