/** A task's log lines: replayed from the first, then followed; after a broken connection from the last one seen. */
import { useEffect, useState } from 'react';
import { LogLine } from '#src/domain/log.ts';
import { logsPath } from '../paths.ts';
import { openSocket, type SocketState } from '../socket.ts';

/** `lines` is one growing array, `count` its length when it was shown: compare by `count`. */
export type LogStream = { lines: readonly LogLine[]; count: number; state: SocketState };

const gatherMs = 100;

export function useLogStream(taskId: string): LogStream {
  const [stream, setStream] = useState<LogStream>({ lines: [], count: 0, state: 'connecting' });
  useEffect(() => {
    const lines: LogLine[] = [];
    let last = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer = undefined;
      setStream((before) => ({ ...before, lines, count: lines.length }));
    };
    const close = openSocket({
      path: () => logsPath(taskId, last),
      onMessage: (text) => {
        const line = LogLine.parse(JSON.parse(text));
        // A line sent again after a reconnection.
        if (line.seq <= last) return;
        last = line.seq;
        lines.push(line);
        timer ??= setTimeout(show, gatherMs);
      },
      onState: (state) => setStream((before) => ({ ...before, state })),
    });
    return () => {
      close();
      clearTimeout(timer);
    };
  }, [taskId]);
  return stream;
}
