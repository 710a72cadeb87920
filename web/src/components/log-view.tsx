/** A task's log: search, facets, and the lines on the screen. What is chosen is the owner's: the address, or a drawer. */
import { useQuery } from '@tanstack/react-query';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLogFind } from '../hooks/use-log-find.ts';
import { useLogFacts, useLogSource } from '../hooks/use-log-source.ts';
import { useShortcuts } from '../hooks/use-shortcuts.ts';
import { highlightOf, type LogChoice, selectionOf } from '../log-choice.ts';
import type { LogSource } from '../log-source.ts';
import { api } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { LogEmpty } from './log-empty.tsx';
import { LogFacets } from './log-facets.tsx';
import { LogFoot } from './log-foot.tsx';
import { LogList, type LogListHandle } from './log-list.tsx';
import { LogMark, type Mark } from './log-mark.tsx';
import { LogToolbar } from './log-toolbar.tsx';

type Props = {
  taskId: string;
  choice: LogChoice;
  onChoice: (change: LogChoice) => void;
  isPage?: boolean;
  onLeave?: () => void;
};

export function LogView({ taskId, choice, onChoice, isPage, onLeave }: Props) {
  const [wrap, setWrap] = useState(false);
  const [relative, setRelative] = useState(false);
  const [follow, setFollow] = useState(true);
  const root = useRef<HTMLDivElement>(null);
  const list = useRef<LogListHandle>(null);
  const source = useLogSource(taskId, selectionOf(choice));
  const facts = useLogFacts(source);
  const find = useLogFind({ source, choice, lastSeq: facts.lastSeq, list });
  const { change, mark, goTo, step } = useMark({ source, isReady: facts.state !== 'loading', choice, onChoice, list });
  const { find: words, regex, case: isCase } = choice;
  const highlight = useMemo(() => highlightOf({ find: words, regex, case: isCase }), [words, regex, isCase]);
  const since = useStart(taskId, relative);
  const marked = markOf(choice);
  const next = () => find.go(1);
  const previous = () => find.go(-1);
  useShortcuts(
    {
      '/': () => root.current?.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
      n: next,
      N: previous,
      f: () => list.current?.setFollow(!follow),
      w: () => setWrap(!wrap),
      t: () => setRelative(!relative),
      j: () => step(1),
      k: () => step(-1),
      y: () => root.current?.querySelector<HTMLButtonElement>('.log-mark button')?.click(),
    },
    root,
  );
  return (
    <div ref={root} className="flex min-h-0 flex-1 flex-col">
      <LogToolbar
        {...{ taskId, choice, find, wrap, relative, follow, isPage, onLeave }}
        selection={source.selection}
        onChange={change}
        onWrap={setWrap}
        onRelative={setRelative}
        onFollow={(on) => list.current?.setFollow(on)}
      />
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <LogFacets facts={facts} choice={choice} onChange={change} />
        <div className="relative flex min-h-0 min-w-0 flex-1 flex-col">
          {facts.error && facts.error !== find.error && <Failure text={facts.error} onRetry={() => source.start()} />}
          {facts.state !== 'loading' && facts.matched === 0 && <LogEmpty {...{ facts, choice }} onChange={change} />}
          <LogList
            ref={list}
            {...{ source, wrap, since, highlight }}
            onFollow={setFollow}
            marked={marked}
            current={find.match?.seq}
            onSelect={mark}
          />
          {marked && <LogMark {...{ source, marked }} onChange={change} />}
          <LogFoot facts={facts} onGo={goTo} />
        </div>
      </div>
    </div>
  );
}

const markOf = ({ line, to }: LogChoice): Mark | undefined =>
  line === undefined ? undefined : { from: Math.min(line, to ?? line), to: Math.max(line, to ?? line) };

type Marking = Pick<Props, 'choice' | 'onChoice'> & {
  source: LogSource;
  isReady: boolean;
  list: RefObject<LogListHandle | null>;
};

/** Marks lines, and keeps what a person looks at on the screen through what changes: a link that opens, another filter. */
function useMark({ source, isReady, choice, onChoice, list }: Marking) {
  const shown = useRef<number>(undefined);
  const kept = useRef<number>(undefined);
  const { line } = choice;
  const reveal = useCallback(
    async (seq: number, where: 'top' | 'middle') => {
      const at = await source.positionOf(seq);
      if (at !== undefined) list.current?.show(at, where);
    },
    [source, list],
  );
  useEffect(() => {
    if (!isReady) return;
    const [keep, next] = [kept.current, line === shown.current ? undefined : line];
    kept.current = undefined;
    shown.current = line;
    const seq = next ?? keep;
    if (seq !== undefined) void reveal(seq, next === undefined ? 'top' : 'middle');
  }, [reveal, isReady, line]);
  const latest = useRef({ choice, onChoice });
  useEffect(() => {
    latest.current = { choice, onChoice };
  });
  const goTo = (seq: number) => {
    const next = Math.min(Math.max(seq, source.facts.firstSeq), source.facts.lastSeq);
    if (next < 1) return;
    onChoice({ line: next, to: undefined });
    if (next === line) void reveal(next, 'middle');
  };
  return {
    goTo,
    /** To the next or previous line that is shown. */
    step: (by: 1 | -1) => {
      const at = line === undefined ? undefined : source.pages.positionOf(line);
      const next = at === undefined ? list.current?.firstSeq() : source.pages.lineAt(at + by)?.seq;
      if (next !== undefined) goTo(next);
    },
    change: (next: LogChoice) => {
      const isOther = JSON.stringify(selectionOf({ ...choice, ...next })) !== JSON.stringify(source.selection);
      if (isOther) kept.current = list.current?.firstSeq();
      onChoice(next);
    },
    /** A click: on a marked line it takes the mark away, with Shift it marks everything between. */
    mark: useCallback(
      (seq: number, isRange: boolean) => {
        const { choice: now, onChoice: choose } = latest.current;
        if (isRange && now.line !== undefined) return choose({ to: seq });
        shown.current = seq === now.line && now.to === undefined ? undefined : seq;
        choose({ line: shown.current, to: undefined });
        void reveal(seq, 'middle'); // what is said of the line takes room, and lines may be coming
      },
      [reveal],
    ),
  };
}

/** When the first line came, where times are told from then on. */
function useStart(taskId: string, relative: boolean): number | undefined {
  const { data } = useQuery({
    queryKey: ['log-start', taskId],
    queryFn: async ({ signal }) => {
      const { items } = await api.listLogs({ params: { taskId }, query: { limit: 1 } }, { signal });
      return items[0] ? Date.parse(items[0].timestamp) : null;
    },
    enabled: relative,
  });
  return relative ? (data ?? undefined) : undefined;
}

function Failure({ text, onRetry }: { text: string; onRetry: () => void }) {
  return (
    <div className="flex-none p-2">
      <Notice tone="err">
        {text}{' '}
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      </Notice>
    </div>
  );
}
