import { memo } from 'react';
import type { LogLine } from '#src/domain/log.ts';
import { formatClockMs, formatCount } from '../format.ts';
import { AnsiText } from './ansi-text.tsx';

type Props = {
  line: LogLine;
  /** Lower case; marked where it is found. */
  query: string;
  wrap: boolean;
  /** Shows the time since then, in milliseconds of the epoch; the clock when undefined. */
  since: number | undefined;
  selected: boolean;
  current: boolean;
  onSelect: () => void;
};

export const LogRow = memo(
  function LogRow({ line, query, wrap, since, selected, current, onSelect }: Props) {
    const time = since === undefined ? formatClockMs(line.timestamp) : sinceStart(line.timestamp, since);
    return (
      <div
        className="log-line"
        data-level={line.level}
        data-wrap={wrap}
        data-selected={selected}
        data-current={current}
      >
        <button type="button" tabIndex={-1} className="log-number" title="Link to this line" onClick={onSelect}>
          {formatCount(line.seq)}
        </button>
        <span className="log-time">{time}</span>
        <span className="log-phase">{line.phase ?? ''}</span>
        <span className="log-level">{line.level}</span>
        <span className="log-text">
          <AnsiText text={line.message} query={query} />
        </span>
      </div>
    );
  },
  (a, b) =>
    a.line === b.line &&
    a.query === b.query &&
    a.wrap === b.wrap &&
    a.since === b.since &&
    a.selected === b.selected &&
    a.current === b.current,
);

const sinceStart = (iso: string, start: number) => `+${((Date.parse(iso) - start) / 1000).toFixed(3)}s`;
