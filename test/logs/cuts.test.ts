import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../helpers/database.ts';
import { cutReaders } from './cuts.ts';

/** `CUTS=1000 npx vitest run test/logs/cuts.test.ts` does what the design asks for: a thousand cuts over 300 readers. */
const cuts = Number(process.env.CUTS ?? 60);
const options = {
  cuts,
  readers: Math.min(300, cuts),
  kills: Math.max(2, cuts / 100),
  tasks: 6,
  linesPerSecond: cuts > 100 ? 60 : 300,
};

let fresh: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  fresh = await createTestDatabase();
});
afterAll(() => fresh.drop());

test('readers that are cut off at random while the writer is killed see every line once, in order', async () => {
  const { seen, kept, ...done } = await cutReaders(fresh.database, options);
  console.log(`${done.cuts} cuts of ${seen.length} readers, ${[...kept.values()].flat().length} lines`);
  expect(done.cuts).toBeGreaterThanOrEqual(cuts);
  for (const taskId of kept.keys()) expect(kept.get(taskId)?.length).toBeGreaterThan(options.kills);
  for (const lines of kept.values()) {
    expect(lines.map((line) => line.seq)).toEqual(lines.map((_, at) => at + 1));
    for (const [, own] of Map.groupBy(lines, ({ message }) => message.split(':')[0])) {
      const numbers = own.map(({ message }) => Number(message.split(':')[1]));
      expect(numbers).toEqual(numbers.map((_, at) => at)); // none of a killed writer's lines is missing before its last
    }
  }
  for (const { taskId, lines } of seen)
    expect(lines).toEqual(kept.get(taskId)?.map(({ seq, message }) => ({ seq, message })));
}, 3_600_000);
