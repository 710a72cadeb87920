import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTaskId } from '#src/domain/ids.ts';
import { createLogFeeds } from '#src/logs/log-feed.ts';
import { createLogReader } from '#src/logs/log-reader.ts';
import { createLogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { streamLogs } from '#src/logs/stream-logs.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { until } from '../helpers/sentra.ts';

let fresh: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  fresh = await createTestDatabase();
});
afterAll(() => fresh.drop());

/** Two processes of one database: one writes, the other has readers; `hint` says whether it is told. */
async function withReaders(
  count: number,
  hint: boolean,
  filter: object,
  work: (write: (message: string) => Promise<void>, seen: string[][]) => Promise<void>,
) {
  const { database } = fresh;
  const redact = createRedactor([]);
  const reading = createLogPipeline({ database, redact });
  const onStored = (taskId: string) => hint && reading.ring(taskId);
  const writing = createLogPipeline({ database, redact, onStored });
  const source = {
    feeds: createLogFeeds({ db: database.db, logs: reading }),
    reader: createLogReader(database),
  };
  const stop = new AbortController();
  const taskId = newTaskId();
  const seen = Array.from({ length: count }, (): string[] => []);
  const streams = seen.map((messages) => {
    const send = (lines: readonly { message: string }[]) => void messages.push(...lines.map((line) => line.message));
    return streamLogs(source, { taskId, filter, send, signal: stop.signal });
  });
  const logger = writing.logger({ taskId });
  await work((message) => logger.info(message), seen);
  stop.abort();
  await Promise.all([...streams, writing.close(), reading.close()]);
}

test('readers that wait while another one looks at the table are told too', async () => {
  await withReaders(40, true, {}, async (write, seen) => {
    for (let n = 1; n <= 40; n++) {
      await write(`line ${n}`);
      await until(() => seen.every((messages) => messages.length === n), 60_000);
    }
  });
});

test('lines whose hint was lost are found all the same', async () => {
  await withReaders(3, false, {}, async (write, seen) => {
    await write('nobody says so');
    await until(() => seen.every((messages) => messages[0] === 'nobody says so'), 60_000);
  });
});

test('a stream that searches sends what the database finds, old lines and new ones', async () => {
  await withReaders(2, true, { q: '^needle \\d$', regex: true }, async (write, seen) => {
    for (const message of ['needle 1', 'hay', 'Needle 2', 'a needle 3']) await write(message);
    await until(() => seen.every((messages) => messages.length === 2), 60_000);
    await write('needle 4');
    await until(() => seen.every((messages) => messages.length === 3), 60_000);
    for (const messages of seen) expect(messages).toEqual(['needle 1', 'Needle 2', 'needle 4']);
  });
});
