/** A task's log: facets, search, and a list that shows only what is on the screen. Filters are in the address. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ScrollText } from 'lucide-react';
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import { Virtuoso, type VirtuosoHandle } from 'react-virtuoso';
import type { LogLine } from '#src/domain/log.ts';
import { plainText } from '../ansi.ts';
import { formatCount } from '../format.ts';
import { useFollow } from '../hooks/use-follow.ts';
import type { LogStream } from '../hooks/use-log-stream.ts';
import { Empty } from '../ui/empty.tsx';
import { countsOf, type Facets, LogFacets, parseFacets } from './log-facets.tsx';
import { LogRow } from './log-row.tsx';
import { LogToolbar } from './log-toolbar.tsx';

export function LogView({ stream, name }: { stream: LogStream; name: string }) {
  const { phase, level, find = '', line } = useSearch({ from: '/shell/tasks/$id' });
  const navigate = useNavigate({ from: '/tasks/$id' });
  const set = (change: { phase?: string; level?: string; find?: string; line?: number }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const [wrap, setWrap] = useState(false);
  const [relative, setRelative] = useState(false);
  const facets = useMemo(() => parseFacets(phase, level), [phase, level]);
  const lines = useFiltered(stream, facets);
  const matches = useMatches(lines, find);
  const list = useRef<VirtuosoHandle>(null);
  const { follow, setFollow, scrollerRef } = useFollow(line === undefined);
  const [current, setCurrent] = useState(0);
  const go = (by: number) => {
    if (matches.length === 0) return;
    const next = (current + by + matches.length) % matches.length;
    setCurrent(next);
    setFollow(false);
    list.current?.scrollToIndex({ index: matches[next] ?? 0, align: 'center' });
  };
  useJumpToLine(list, lines, line);
  const startMs = stream.lines[0] ? Date.parse(stream.lines[0].timestamp) : 0;
  const words = find.toLowerCase();
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <LogToolbar
        lines={lines}
        name={name}
        find={find}
        onFind={(text) => {
          setCurrent(0);
          set({ find: text || undefined });
        }}
        current={matches.length ? current + 1 : 0}
        total={matches.length}
        onGo={go}
        wrap={wrap}
        onWrap={setWrap}
        relative={relative}
        onRelative={setRelative}
        follow={follow}
        onFollow={setFollow}
      />
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <LogFacets counts={countsOf(stream)} facets={facets} onChange={set} />
        <div className="relative flex min-h-0 min-w-0 flex-1 flex-col">
          {lines.length === 0 && stream.state !== 'connecting' && <NoLine isFiltered={stream.count > 0} />}
          <Virtuoso
            ref={list}
            scrollerRef={scrollerRef}
            className="log flex-1"
            role="region"
            aria-label="Log lines"
            data={lines}
            {...(wrap ? {} : { fixedItemHeight: 20 })}
            computeItemKey={(_, item) => item.seq}
            itemContent={(index, item) => (
              <LogRow
                line={item}
                query={words}
                wrap={wrap}
                since={relative ? startMs : undefined}
                selected={item.seq === line}
                current={matches[current] === index && words !== ''}
                onSelect={() => set({ line: item.seq === line ? undefined : item.seq })}
              />
            )}
          />
          <Foot stream={stream} shown={lines.length} />
        </div>
      </div>
    </div>
  );
}

function NoLine({ isFiltered }: { isFiltered: boolean }) {
  return (
    <div className="absolute inset-0 flex">
      <Empty icon={ScrollText} title={isFiltered ? 'No line is shown' : 'No line yet'}>
        <p>
          {isFiltered
            ? 'Every line is of a phase or level that is switched off: switch one on.'
            : 'What the agent, the tests and Sentra itself say appears here, as soon as a run has begun.'}
        </p>
      </Empty>
    </div>
  );
}

function Foot({ stream, shown }: { stream: LogStream; shown: number }) {
  const words = { live: 'Live', connecting: 'Connecting', lost: 'Connection lost, trying again' }[stream.state];
  const tone = { live: 'ok', connecting: 'run', lost: 'warn' }[stream.state];
  return (
    <div className="flex h-8 flex-none items-center gap-3 border-t border-line px-4 text-xs text-second">
      <span className="flex items-center gap-2">
        <span className="dot" data-tone={tone} />
        {words}
      </span>
      <span className="max-md:hidden">Sequence {formatCount(stream.lines.at(-1)?.seq ?? 0)}</span>
      <span className="ml-auto">
        {formatCount(shown)} of {formatCount(stream.count)} lines shown
      </span>
    </div>
  );
}

function useFiltered({ lines, count }: LogStream, facets: Facets): readonly LogLine[] {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `lines` is one growing array, its length tells of a change
  return useMemo(() => lines.slice(0, count).filter((line) => facets.shows(line)), [count, facets]);
}

/** Indexes of the lines that contain the text. */
function useMatches(lines: readonly LogLine[], find: string): readonly number[] {
  return useMemo(() => {
    const words = find.toLowerCase();
    if (!words) return [];
    return lines.flatMap((line, index) => (plainText(line.message).toLowerCase().includes(words) ? index : []));
  }, [lines, find]);
}

/** A link to a line shows it once it has arrived. */
function useJumpToLine(list: RefObject<VirtuosoHandle | null>, lines: readonly LogLine[], seq: number | undefined) {
  const done = useRef<number>(undefined);
  useEffect(() => {
    if (seq === undefined || done.current === seq) return;
    const index = lines.findIndex((line) => line.seq === seq);
    if (index < 0) return;
    // A line that a person clicked is already in view.
    if (done.current === undefined) list.current?.scrollToIndex({ index, align: 'center' });
    done.current = seq;
  }, [list, lines, seq]);
}
