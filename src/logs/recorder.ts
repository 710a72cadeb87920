/**
 * Records one program: bytes in, as they come; out come a transcript, byte for byte, and lines for people. Secrets are taken out
 * before both, wherever the bytes were cut.
 */
import type { LogLevel, LogMetadata, RawStream } from '#src/domain/log.ts';
import { LineReader, type ReadLine } from '#src/logs/line-reader.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { RedactStream } from '#src/logs/redact-stream.ts';
import type { KnowingRedactor } from '#src/logs/redactor.ts';
import type { Transcript } from '#src/logs/transcript.ts';

export type Recorder = {
  /** Names the transcript. */
  sessionId: string;
  /** Lines and transcript; resolves when the program may go on. For `onOutput` of a run. */
  onOutput(chunk: Buffer, stream: 'stdout' | 'stderr'): Promise<unknown>;
  /** For the transcript alone. */
  note(text: string): Promise<void>;
  /** All has come: resolves when it is stored. */
  end(): Promise<void>;
};

export type RecorderParts = {
  sessionId: string;
  log: Logger;
  metadata: LogMetadata;
  redactor: KnowingRedactor;
  transcript: Transcript;
  isQuiet: boolean;
};

type Stream = { redact: RedactStream; lines: LineReader };

const quietMs = 1_000;

export function createRecorder(parts: RecorderParts): Recorder {
  const { sessionId, log, metadata, redactor, transcript } = parts;
  const streams = new Map<RawStream, Stream>();
  const pending = new Set<Promise<unknown>>();
  let timer: NodeJS.Timeout | undefined;
  const streamOf = (name: RawStream): Stream => {
    const stream = streams.get(name) ?? { redact: new RedactStream(redactor), lines: new LineReader() };
    streams.set(name, stream);
    return stream;
  };
  const tell = (line: ReadLine, name: RawStream): Promise<void> => {
    const level: LogLevel = parts.isQuiet ? 'debug' : name === 'stderr' ? 'warn' : 'info';
    if ('text' in line) return log[level](line.text, metadata);
    const { start, bytes } = line.binary;
    const about = { binary: { bytes }, raw: { session: sessionId, stream: name, start, bytes } };
    return log[level](`${bytes} bytes of binary output`, { ...metadata, ...about });
  };
  const take = (name: RawStream, bytes: Buffer, lines: readonly ReadLine[]): Promise<unknown> => {
    const taken = Promise.all([transcript.write(name, bytes), ...lines.map((line) => tell(line, name))]);
    pending.add(taken);
    const settled = () => pending.delete(taken);
    taken.then(settled, settled);
    return taken;
  };
  const settle = () => {
    timer = undefined;
    for (const [name, stream] of streams) {
      const bytes = stream.redact.settle();
      void take(name, bytes, [...(name === 'messages' ? [] : stream.lines.add(bytes)), ...stream.lines.settle()]);
    }
  };
  const add = (name: RawStream, chunk: Buffer): Promise<unknown> => {
    clearTimeout(timer);
    timer = setTimeout(settle, quietMs);
    const stream = streamOf(name);
    const bytes = stream.redact.add(chunk);
    return take(name, bytes, name === 'messages' ? [] : stream.lines.add(bytes));
  };
  return {
    sessionId,
    onOutput: (chunk, stream) => add(stream, chunk),
    note: async (text) => {
      await add('messages', Buffer.from(`${text}\n`));
    },
    async end() {
      clearTimeout(timer);
      for (const [name, stream] of streams) {
        const bytes = stream.redact.end();
        void take(name, bytes, name === 'messages' ? [] : [...stream.lines.add(bytes), ...stream.lines.end()]);
      }
      streams.clear();
      await Promise.all([...pending, transcript.flush()]);
    },
  };
}
