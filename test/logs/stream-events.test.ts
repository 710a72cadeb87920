import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEventBus, streamEvents } from '#src/logs/stream-events.ts';
import { afterCommit, type Database } from '#src/store/database.ts';
import { listEvents, recordEvents } from '#src/store/events.ts';
import { createTestDatabase } from '../helpers/database.ts';

let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ database, drop } = await createTestDatabase());
});
afterAll(() => drop());

const event = { type: 'task.changed', projectId: null, taskId: null, data: {} } as const;
const bus = createEventBus();
const record = (count: number, fails = false) =>
  database.transaction(async (tx) => {
    await recordEvents(tx, Array(count).fill(event));
    if (fails) throw new Error('rolled back');
    afterCommit(tx, bus.publish);
  });

test('events of transactions at once are numbered without a gap, and a rolled back one leaves none', async () => {
  const all = Array.from({ length: 40 }, (_, at) => record(1 + (at % 3), at % 7 === 0).catch(() => {}));
  await Promise.all(all);
  const ids = (await listEvents(database.db, 0, 1_000)).map((e) => e.id);
  expect(ids).toEqual(ids.map((_, at) => at + 1));
});

test('a stream replays what came after its cursor and follows without a seam', async () => {
  const stop = new AbortController();
  const seen: number[] = [];
  const until = ((await listEvents(database.db, 0, 1_000)).at(-1)?.id ?? 0) + 100;
  const reading = streamEvents(
    { db: database.db, bus },
    {
      after: 5,
      signal: stop.signal,
      send: (events) => {
        seen.push(...events.map((e) => e.id));
        if (seen.at(-1) === until) stop.abort();
      },
    },
  );
  await Promise.all(Array.from({ length: 100 }, () => record(1)));
  await reading;
  expect(seen).toEqual(Array.from({ length: until - 5 }, (_, at) => at + 6));
});

test('a stream without a cursor begins with the next event', async () => {
  const stop = new AbortController();
  const seen: number[] = [];
  const last = (await listEvents(database.db, 0, 1_000)).at(-1)?.id ?? 0;
  const reading = streamEvents(
    { db: database.db, bus },
    {
      signal: stop.signal,
      send: (events) => {
        seen.push(...events.map((e) => e.id));
        stop.abort();
      },
    },
  );
  const writing = async () => {
    while (!stop.signal.aborted) await record(1);
  };
  await Promise.all([reading, writing()]);
  expect(seen[0]).toBeGreaterThan(last);
});

test('one that asks for the latest begins with so many of those before, and with the first where there are fewer', async () => {
  const last = (await listEvents(database.db, 0, 1_000)).at(-1)?.id ?? 0;
  const firstOf = async (latest: number) => {
    const stop = new AbortController();
    let first: number | undefined;
    const send = (events: readonly { id: number }[]) => {
      first ??= events[0]?.id;
      stop.abort();
    };
    await streamEvents({ db: database.db, bus }, { last: latest, signal: stop.signal, send });
    return first;
  };
  expect(await firstOf(3)).toBe(last - 2);
  expect(await firstOf(last + 10)).toBe(1);
});
