import { Link } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import type { Span } from '#src/domain/span.ts';
import type { TimelineRow } from '#src/domain/timeline-rows.ts';
import { plainText } from '../ansi.ts';
import { formatClockMs, formatCost, formatSpan } from '../format.ts';
import type { Scale } from '../timeline.ts';

type Props = { row: TimelineRow; scale: Scale; now: number; onTurn: () => void };

/** A name that unfolds what is in it, a bar that leads to the log, what it took and cost. */
export const TimelineBar = memo(
  function TimelineBar({ row, scale, now, onTurn }: Props) {
    const { span, depth, inside, open } = row;
    const name = plainText(span.name).split('\n')[0] ?? '';
    const [from, to] = [scale.at(Date.parse(span.startedAt)), scale.at(endOf(span, now))];
    const place = { left: `${from * 100}%`, width: `max(3px, ${(to - from) * 100}%)` };
    const tooltip = detailsOf(span, now);
    return (
      <li className="timeline-row" data-kind={span.kind} data-status={span.status}>
        <Name depth={depth} inside={inside} open={open} onTurn={onTurn} title={tooltip}>
          {name}
        </Name>
        <ToLog line={span.line} label={`${name}: log line ${span.line}`} title={tooltip}>
          <i className="timeline-bar" data-status={span.status} data-wait={waitOf(span)} style={place} />
        </ToLog>
        <span className="flex justify-end gap-2 text-xs text-second tabular-nums">
          {span.cost?.usd ? <span className="max-md:hidden">{formatCost(span.cost.usd)}</span> : null}
          <span>{formatSpan(endOf(span, now) - Date.parse(span.startedAt))}</span>
        </span>
      </li>
    );
  },
  (a, b) =>
    a.row.span === b.row.span &&
    a.row.open === b.row.open &&
    a.row.inside === b.row.inside &&
    a.scale === b.scale &&
    (a.now === b.now || b.row.span.endedAt !== null),
);

const endOf = (span: Span, now: number) => (span.endedAt ? Date.parse(span.endedAt) : now);
const waitOf = ({ kind, attributes }: Span) => (kind === 'wait' ? String(attributes.cause) : undefined);

type NameProps = Pick<TimelineRow, 'depth' | 'inside' | 'open'> & {
  onTurn: () => void;
  title: string;
  children: string;
};

function Name({ depth, inside, open, onTurn, title, children }: NameProps) {
  const style = { paddingLeft: `${depth * 12}px` };
  const Chevron = open ? ChevronDown : ChevronRight;
  if (!inside)
    return (
      <span className="timeline-name" style={style} title={title}>
        <span className="w-4 flex-none" />
        <span className="cut">{children}</span>
      </span>
    );
  return (
    <button type="button" className="timeline-name" style={style} title={title} aria-expanded={open} onClick={onTurn}>
      <Chevron aria-hidden="true" className="flex-none" />
      <span className="cut">{children}</span>
      {!open && <span className="tag">{inside}</span>}
    </button>
  );
}

function ToLog({
  line,
  label,
  title,
  children,
}: {
  line: number | null;
  label: string;
  title: string;
  children: ReactNode;
}) {
  if (line === null)
    return (
      <span className="timeline-lane" title={title}>
        {children}
      </span>
    );
  return (
    <Link
      from="/tasks/$id"
      search={(before) => ({ project: before.project, tab: 'logs' as const, line })}
      className="timeline-lane"
      aria-label={label}
      title={title}
    >
      {children}
    </Link>
  );
}

/** For whoever stays with the pointer on it. */
function detailsOf(span: Span, now: number): string {
  const { error, message, command, outcome, model, tool, until, exitCode } = span.attributes;
  const took = `${formatClockMs(span.startedAt)}, ${formatSpan(endOf(span, now) - Date.parse(span.startedAt))}`;
  const facts = { error, message, outcome, model, tool, until, command, 'exit code': exitCode };
  const told = Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : `${key}: ${value}`));
  const cost = span.cost?.tokens ? [`${span.cost.tokens} tokens`] : [];
  return [span.name, took, span.status === 'ok' ? '' : span.status, ...told, ...cost].filter(Boolean).join('\n');
}
