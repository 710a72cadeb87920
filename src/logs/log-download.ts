/** A log as one file. Lines are read as fast as the other side takes them, so its length costs no memory. */
import type { Download } from '#src/domain/api/route.ts';
import type { LogLine, logFormats } from '#src/domain/log.ts';

type Format = (typeof logFormats)[number];

const formats: Record<Format, { extension: string; type: string; lineOf: (line: LogLine) => string }> = {
  text: {
    extension: 'log',
    type: 'text/plain',
    lineOf: ({ timestamp, phase, level, message }) =>
      `${timestamp} ${(phase ?? '-').padEnd(6)} ${level.padEnd(5)} ${message}\n`,
  },
  jsonl: { extension: 'jsonl', type: 'application/jsonl', lineOf: (line) => `${JSON.stringify(line)}\n` },
};

/** Throws what the first page throws; what goes wrong later breaks the stream off. */
export async function downloadLog(taskId: string, format: Format, pages: AsyncGenerator<LogLine[]>): Promise<Download> {
  const { extension, type, lineOf } = formats[format];
  let next: Promise<IteratorResult<LogLine[]>> | undefined = pages.next();
  await next;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await (next ?? pages.next());
        next = undefined;
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value.map(lineOf).join('')));
      },
      cancel: async () => {
        await pages.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return { name: `${taskId}.${extension}`, type, body };
}
