import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTaskId } from '#src/domain/ids.ts';
import type { LogLine } from '#src/domain/log.ts';
import { createLogReader, type LogReader } from '#src/logs/log-reader.ts';
import { insertLogBatch } from '#src/store/logs.ts';
import { createTestDatabase } from '../helpers/database.ts';

let fresh: Awaited<ReturnType<typeof createTestDatabase>>;
let reader: LogReader;
beforeAll(async () => {
  fresh = await createTestDatabase();
  reader = createLogReader(fresh.database);
});
afterAll(() => fresh.drop());

const lineOf = (taskId: string, at: number): Omit<LogLine, 'seq'> => ({
  taskId,
  adwId: null,
  phase: at % 3 ? 'CODE' : 'TEST',
  level: 'info',
  message: `line ${at}`,
  metadata: {},
  timestamp: '2026-11-21T10:00:00.000Z',
});

async function write(taskId: string, producer: string, number: number, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, at) => lineOf(taskId, number * count + at));
  await insertLogBatch(fresh.database, { producer, number, lines });
}

test('while lines are written, what is counted never goes beyond the last number that is told', async () => {
  const taskId = newTaskId();
  let isWriting = true;
  const writing = (async () => {
    for (let number = 1; number <= 120; number++) await write(taskId, 'busy', number, 25);
    isWriting = false;
  })();
  const wrong: unknown[] = [];
  while (isWriting) {
    const { total, matched, lastSeq, byPhase } = await reader.summary(taskId, {});
    const counted = Object.values(byPhase).reduce((sum, count) => sum + count, 0);
    if (matched !== total || counted !== total || total !== lastSeq) wrong.push({ total, matched, lastSeq, counted });
  }
  await writing;
  expect(wrong).toEqual([]);
  expect(await reader.summary(taskId, {})).toMatchObject({ total: 3_000, matched: 3_000 });
});

test('the place of a line among those of a selection is how many come before it', async () => {
  const taskId = newTaskId();
  for (let number = 1; number <= 3; number++) await write(taskId, 'place', number, 1_000);
  const phase = ['TEST' as const];
  for (const seq of [1, 2, 900, 1_024, 1_025, 2_999]) {
    const { matched } = await reader.summary(taskId, { phase, before: seq });
    const { items } = await reader.list(taskId, { phase, after: 0, before: seq, limit: 5_000, order: 'asc' });
    expect([seq, matched]).toEqual([seq, items.length]);
    const [at] = (await reader.list(taskId, { phase, offset: matched, limit: 1, order: 'asc' })).items;
    expect(at?.seq).toBeGreaterThanOrEqual(seq);
  }
});
