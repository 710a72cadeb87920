/** Finds in a whole log, asked of the server: how many lines match, and the next and previous one. */
import { useQuery } from '@tanstack/react-query';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { LogLine, LogSelection } from '#src/domain/log.ts';
import { messageOf } from '#src/errors.ts';
import type { LogListHandle } from '../components/log-list.tsx';
import { type LogChoice, searchOf } from '../log-choice.ts';
import type { LogSource } from '../log-source.ts';
import { api } from '../queries.ts';

const countAgainMs = 4_000;
const mostQueued = 4;

/** `place` among all that match, counted from 1; undefined while it is being counted. */
export type Match = { seq: number; place: number | undefined };

type Options = { source: LogSource; choice: LogChoice; lastSeq: number; list: RefObject<LogListHandle | null> };

export function useLogFind({ source, choice, lastSeq, list }: Options) {
  const { taskId } = source;
  const key = choice.find ? JSON.stringify({ ...source.selection, ...searchOf(choice) }) : undefined;
  const count = useCount(taskId, key, lastSeq);
  const [match, setMatch] = useState<Match>();
  const [failure, setFailure] = useState<string>();
  const begun = useRef<string>(undefined);
  const steps = useRef({ queued: 0, last: Promise.resolve(), match: undefined as Match | undefined });

  const step = async (by: 1 | -1) => {
    if (!key) return;
    const selection = JSON.parse(key) as LogSelection;
    const before = steps.current.match;
    const show = (next: Match) => {
      steps.current.match = next;
      setMatch(next);
    };
    const seen = list.current?.firstSeq() ?? 0;
    const from = before?.seq ?? (by > 0 ? Math.max(0, seen - 1) : seen + 1);
    const { line, wrapped } = await nextMatch(taskId, selection, { from, by });
    if (!line) return;
    const place = before?.place && !wrapped ? before.place + by : undefined;
    show({ seq: line.seq, place });
    const at = await source.positionOf(line.seq);
    if (at !== undefined) list.current?.show(at);
    if (place !== undefined) return;
    const query = { ...selection, before: line.seq };
    const { matched } = await api.getLogSummary({ params: { taskId }, query });
    if (steps.current.match?.seq === line.seq) show({ seq: line.seq, place: matched + 1 });
  };
  /** To the next (1) or the previous (-1) match; the end is followed by the beginning. */
  const go = (by: 1 | -1) => {
    const queue = steps.current;
    if (queue.queued >= mostQueued) return;
    queue.queued += 1;
    setFailure(undefined);
    queue.last = queue.last
      .then(() => step(by))
      .catch((e) => setFailure(messageOf(e)))
      .finally(() => {
        queue.queued -= 1;
      });
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: another search begins at what is on the screen
  useEffect(() => {
    steps.current.match = undefined;
    setMatch(undefined);
    setFailure(undefined);
    const isFirst = begun.current === undefined;
    begun.current = key ?? '';
    // A link to a line shows that line, also where it brings a search along.
    if (key && !choice.only && !(isFirst && choice.line !== undefined)) go(1);
  }, [key]);
  return {
    count: count.data?.matched,
    match,
    error: failure ?? (count.error ? messageOf(count.error) : undefined),
    go,
  };
}

export type LogFind = ReturnType<typeof useLogFind>;

function useCount(taskId: string, key: string | undefined, lastSeq: number) {
  const count = useQuery({
    queryKey: ['log-count', taskId, key],
    queryFn: ({ signal }) => {
      const query = JSON.parse(key ?? '{}') as LogSelection;
      return api.getLogSummary({ params: { taskId }, query }, { signal });
    },
    enabled: key !== undefined,
    retry: false,
  });
  const isOld = count.data !== undefined && count.data.lastSeq < lastSeq;
  const { refetch } = count;
  useEffect(() => {
    if (!isOld || key === undefined) return;
    const timer = setTimeout(() => void refetch(), countAgainMs);
    return () => clearTimeout(timer);
  }, [isOld, key, refetch]);
  return count;
}

type Step = { from: number; by: 1 | -1 };

async function nextMatch(
  taskId: string,
  selection: LogSelection,
  { from, by }: Step,
): Promise<{ line: LogLine | undefined; wrapped: boolean }> {
  const order = by > 0 ? 'asc' : 'desc';
  const ask = async (place: { after?: number; before?: number }) => {
    const query = { ...selection, ...place, order, limit: 1 } as const;
    return (await api.listLogs({ params: { taskId }, query })).items[0];
  };
  const line = await ask(by > 0 ? { after: from } : { before: Math.max(1, from) });
  return line ? { line, wrapped: false } : { line: await ask({}), wrapped: true };
}
