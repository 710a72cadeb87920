/** The live lines of one task: what follows a number, many in a message, taken up again after a broken connection. */
import type { LogFilter, LogLine } from '#src/domain/log.ts';
import { StreamMessage, type StreamRequest } from '#src/domain/stream.ts';
import { SentraError } from '#src/errors.ts';
import { streamsPath } from './paths.ts';
import { openSocket, type SocketState } from './socket.ts';

type Options = {
  taskId: string;
  /** Asked anew for each connection: what to send, and after which number. A throw counts as a failure. */
  filter: () => Promise<LogFilter>;
  onLines: (lines: readonly LogLine[]) => void;
  /** The server refuses: to ask again would be no use. */
  onRefused: (error: SentraError) => void;
  onState: (state: SocketState) => void;
};

/** Answers what ends it. */
export function openLogStream({ taskId, filter, onLines, onRefused, onState }: Options): () => void {
  let asked: LogFilter = {};
  const close = openSocket({
    path: async () => {
      asked = await filter();
      return streamsPath;
    },
    request: () => JSON.stringify({ follow: taskId, logs: { taskId, ...asked } } satisfies StreamRequest),
    onMessage: (text) => {
      const { lines, error } = StreamMessage.parse(JSON.parse(text));
      if (lines) onLines(lines);
      if (!error) return;
      close();
      onRefused(SentraError.from(error as Parameters<typeof SentraError.from>[0]));
    },
    onState,
  });
  return close;
}
