/** The newest lines of a task, replayed, then followed; after a broken connection from the last one seen. */
import { useEffect, useState } from 'react';
import type { LogLine } from '#src/domain/log.ts';
import { openLogStream } from '../log-stream.ts';
import { api } from '../queries.ts';

/** `earlier`: how many came before the first of `lines`. */
export type LogStream = { lines: readonly LogLine[]; earlier: number };

const gatherMs = 100;
const most = 5_000;

export function useLogStream(taskId: string): LogStream {
  const [stream, setStream] = useState<LogStream>({ lines: [], earlier: 0 });
  useEffect(() => {
    let lines: LogLine[] = [];
    let last: number | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      if (lines.length > most) lines = lines.slice(-most);
      setStream({ lines: [...lines], earlier: Math.max(0, (lines[0]?.seq ?? 1) - 1) });
    };
    const close = openLogStream({
      taskId,
      filter: async () => {
        last ??= Math.max(0, (await api.getLogSummary({ params: { taskId }, query: {} })).lastSeq - most);
        return { after: last };
      },
      onLines: (sent) => {
        // What was sent already comes again after a reconnection.
        const next = sent.filter((line) => line.seq > (last ?? 0));
        last = next.at(-1)?.seq ?? last;
        lines.push(...next);
        timer ??= setTimeout(show, gatherMs);
      },
      onRefused: () => {},
      onState: () => {},
    });
    return () => {
      close();
      clearTimeout(timer);
    };
  }, [taskId]);
  return stream;
}
