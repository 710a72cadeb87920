import { memo, useState } from 'react';
import type { LogLine } from '#src/domain/log.ts';
import { formatClockMs, formatCount } from '../format.ts';
import { wholeLinePath } from '../paths.ts';
import { AnsiText } from './ansi-text.tsx';

type Props = {
  /** Undefined until it is here. */
  line: LogLine | undefined;
  position: number;
  taskId: string;
  highlight: RegExp | undefined;
  /** Shows the time since then, in milliseconds of the epoch; the clock when undefined. */
  since: number | undefined;
  isMarked: boolean;
  isCurrent: boolean;
  onSelect: (seq: number, isRange: boolean) => void;
};

/** More would make the browser slow, and nobody reads it in a list. */
export const mostCharacters = 4_000;

export const LogRow = memo(function LogRow({ line, position, taskId, since, ...props }: Props) {
  const [all, setAll] = useState<number>();
  const place = { 'aria-posinset': position + 1, 'aria-setsize': -1, 'data-position': position };
  if (!line) return <li className="log-line" {...place} aria-busy="true" />;
  const text = all === line.seq ? line.message : line.message.slice(0, mostCharacters);
  return (
    <li
      className="log-line"
      {...place}
      data-level={line.level}
      data-marked={props.isMarked || undefined}
      data-current={props.isCurrent || undefined}
    >
      <span className="log-number">
        <button
          type="button"
          tabIndex={-1}
          title="Mark this line; with Shift up to it"
          onClick={(event) => props.onSelect(line.seq, event.shiftKey)}
        >
          {formatCount(line.seq)}
        </button>
      </span>
      <span className="log-time" title={line.timestamp}>
        {since === undefined ? formatClockMs(line.timestamp) : sinceStart(line.timestamp, since)}
      </span>
      <span className="log-phase">{line.phase ?? ''}</span>
      <span className="log-level">{line.level}</span>
      <span className="log-text">
        <AnsiText text={text} query={props.highlight} />
        {text.length < line.message.length && (
          <button type="button" tabIndex={-1} className="log-more" onClick={() => setAll(line.seq)}>
            {formatCount(line.message.length - text.length)} more characters
          </button>
        )}
        {isCut(line) && (
          <a className="log-more" tabIndex={-1} href={wholeLinePath(taskId, line.seq)} download>
            The whole
          </a>
        )}
      </span>
    </li>
  );
});

/** The server keeps the whole of it apart, or the bytes that it stands for. */
export const isCut = ({ metadata }: LogLine) => metadata.whole !== undefined || metadata.raw !== undefined;

function sinceStart(iso: string, start: number): string {
  const ms = Date.parse(iso) - start;
  return `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(3)}s`;
}
