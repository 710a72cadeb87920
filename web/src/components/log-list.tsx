/** The lines on the screen, and no others: what scrolls is an empty space, over which they hang. */

import { ArrowDown } from 'lucide-react';
import { type CSSProperties, type Ref, useEffect, useImperativeHandle, useState } from 'react';
import { plainText } from '../ansi.ts';
import { formatCount } from '../format.ts';
import { useLogScroll } from '../hooks/use-log-scroll.ts';
import { useLogVersion } from '../hooks/use-log-source.ts';
import type { LogSource } from '../log-source.ts';
import { Button } from '../ui/button.tsx';
import { LogRow, mostCharacters } from './log-row.tsx';

export type LogListHandle = {
  /** Shows the line at this place: at the top, or wherever it is in view, else in the middle. */
  show(position: number, where?: 'top' | 'middle'): void;
  setFollow(follow: boolean): void;
  /** The number of the line at the top of the view. */
  firstSeq(): number | undefined;
};

type Props = {
  source: LogSource;
  wrap: boolean;
  /** Shows times from then on, in milliseconds of the epoch; the clock when undefined. */
  since: number | undefined;
  highlight: RegExp | undefined;
  /** Lines that a person marked. */
  marked: { from: number; to: number } | undefined;
  /** The match that was gone to. */
  current: number | undefined;
  /** Whether it stays at the end; a person changes that by scrolling. */
  onFollow: (follow: boolean) => void;
  onSelect: (seq: number, isRange: boolean) => void;
  ref: Ref<LogListHandle>;
};

export function LogList(props: Props) {
  const { source, wrap, onFollow, marked, ref } = props;
  useLogVersion(source);
  const { pages } = source;
  const scroll = useLogScroll({ total: pages.total, wrap });
  const { from, to } = scroll.range;
  useEffect(() => {
    onFollow(scroll.follow);
  }, [scroll.follow, onFollow]);
  // What is said of a marked line takes room from the lines.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another height is a reason to move
  useEffect(() => {
    const at = marked && pages.positionOf(marked.to);
    if (at !== undefined && at >= from && at < to) scroll.show(at);
  }, [scroll.view]);
  useEffect(() => source.look({ from, to }));
  useImperativeHandle(ref, () => ({
    show: scroll.show,
    setFollow: (follow) => (follow ? scroll.toEnd() : scroll.hold()),
    firstSeq: () => pages.lineAt(scroll.first())?.seq,
  }));
  const rows = Array.from({ length: to - from }, (_, at) => from + at);
  // While new lines rush by, rows are used again for others; else each keeps its own, and what a person marked in it.
  const slots = to - from;
  const widest = useWidest(source, { from, to });
  const digits = `${formatCount(source.facts.lastSeq).length + 4}ch`;
  const sizes = { '--log-number': digits, width: wrap ? undefined : `${widest}ch` };
  return (
    <>
      <section
        ref={scroll.scroller}
        aria-label="Log lines"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: without a place in the tab order it cannot be scrolled by keys
        tabIndex={0}
        className="log"
        data-wrap={wrap}
      >
        <div className="log-space" style={{ height: scroll.space, ...sizes } as CSSProperties}>
          <div className="log-layer" style={{ height: scroll.view }}>
            <ol ref={scroll.rows} className="log-rows">
              {rows.map((position) => {
                const line = pages.lineAt(position);
                return (
                  <LogRow
                    key={scroll.follow ? position % slots : position}
                    line={line}
                    position={position}
                    taskId={source.taskId}
                    highlight={props.highlight}
                    since={props.since}
                    isMarked={
                      line !== undefined && marked !== undefined && line.seq >= marked.from && line.seq <= marked.to
                    }
                    isCurrent={line !== undefined && line.seq === props.current}
                    onSelect={props.onSelect}
                  />
                );
              })}
            </ol>
          </div>
        </div>
      </section>
      {!scroll.follow && <NewLines key={JSON.stringify(source.selection)} total={pages.total} onGo={scroll.toEnd} />}
    </>
  );
}

const before = 48;
const step = 64;

/** Columns of the longest line so far: the width is known beforehand, and does not change with every line. */
function useWidest(source: LogSource, { from, to }: { from: number; to: number }): number {
  const [widest, setWidest] = useState({ source, columns: 0 });
  let columns = widest.source === source ? widest.columns : 0;
  for (let position = from; position < to; position++) {
    const message = source.pages.lineAt(position)?.message ?? '';
    if (message.length > columns - before) columns = Math.max(columns, columnsOf(message) + before);
  }
  const next = Math.ceil(columns / step) * step;
  if (next > widest.columns || widest.source !== source) setWidest({ source, columns: next });
  return next;
}

/** Letters of other scripts may be two columns wide, a tab eight. */
const columnsOf = (message: string) => {
  const text = plainText(message.slice(0, mostCharacters)).replaceAll('\t', ' '.repeat(8));
  return /^[\x20-\x7e]*$/.test(text) ? text.length : 2 * text.length;
};

/** How many came since this was left alone. */
function NewLines({ total, onGo }: { total: number; onGo: () => void }) {
  const [before, setBefore] = useState(total);
  if (before === 0 && total > 0) setBefore(total); // it was not known yet
  const count = before === 0 ? 0 : total - before;
  if (count <= 0) return null;
  return (
    <Button size="small" className="log-new" onClick={onGo}>
      <ArrowDown aria-hidden="true" />
      {formatCount(count)} new {count === 1 ? 'line' : 'lines'}
    </Button>
  );
}
