import { useMemo, useState } from 'react';
import type { Span } from '#src/domain/span.ts';
import { isOpenByItself, rowsOf } from '#src/domain/timeline-rows.ts';
import { formatClockMs, formatDuration } from '../format.ts';
import { createScale, type Scale } from '../timeline.ts';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { TimelineBar } from './timeline-bar.tsx';

type Props = { spans: readonly Span[]; now: number; all: boolean; cursor: number | undefined };

/** Each span a row, under one scale of time in which long waits are cut short. */
export function TimelineChart({ spans, now, all, cursor }: Props) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const scale = useMemo(() => createScale(spans, now), [spans, now]);
  const rows = useMemo(() => {
    const isOpen = (span: Span) => turned.has(span.id) !== isOpenByItself(span);
    return rowsOf(spans, { isOpen, all, now });
  }, [spans, turned, all, now]);
  const turn = (id: string) => {
    const next = new Set(turned);
    if (!next.delete(id)) next.add(id);
    setTurned(next);
  };
  return (
    <ScrollRegion
      aria-label="Timeline"
      className="relative min-h-0 flex-1 overflow-y-auto px-6 pt-2 pb-3 max-lg:overflow-visible max-md:px-4"
    >
      <Ruler scale={scale} />
      <ol className="relative">
        {rows.map((row) => (
          <TimelineBar key={row.span.id} row={row} scale={scale} now={now} onTurn={() => turn(row.span.id)} />
        ))}
        <li className="timeline-over" aria-hidden="true">
          <span className="relative">
            {scale.breaks.map(({ from, to, lostMs }) => (
              <span key={from} className="timeline-break" style={{ left: `${((from + to) / 2) * 100}%` }}>
                {formatDuration(lostMs)}
              </span>
            ))}
            {cursor !== undefined && <i className="timeline-cursor" style={{ left: `${scale.at(cursor) * 100}%` }} />}
          </span>
        </li>
      </ol>
    </ScrollRegion>
  );
}

function Ruler({ scale }: { scale: Scale }) {
  return (
    <div className="timeline-row timeline-ruler" aria-hidden="true">
      <span />
      <span className="relative h-4">
        {[0, 0.25, 0.5, 0.75].map((part) => (
          <span
            key={part}
            className="absolute text-xs text-second max-md:even:hidden"
            style={{ left: `${part * 100}%` }}
          >
            {formatClockMs(new Date(scale.timeAt(part)).toISOString()).slice(0, -4)}
          </span>
        ))}
      </span>
      <span />
    </div>
  );
}
