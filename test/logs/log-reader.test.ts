import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTaskId } from '#src/domain/ids.ts';
import { type LogLine, type LogQuery, type LogSelection, logLevels, matchesFilter } from '#src/domain/log.ts';
import { facetsOf } from '#src/domain/log-facets.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { createLogIndex, type LogIndex } from '#src/logs/log-index.ts';
import { createLogReader, type LogReader } from '#src/logs/log-reader.ts';
import { linesPerBlock } from '#src/store/log-blocks.ts';
import { insertLogBatch } from '#src/store/logs.ts';
import { createTestDatabase } from '../helpers/database.ts';

let fresh: Awaited<ReturnType<typeof createTestDatabase>>;
let reader: LogReader;
let index: LogIndex;
beforeAll(async () => {
  fresh = await createTestDatabase();
  reader = createLogReader(fresh.database);
  index = createLogIndex({
    database: fresh.database,
    onError: (e) => {
      throw e;
    },
  });
});
afterAll(() => fresh.drop());

const words = [
  'worktree',
  'MERGE',
  'timeout',
  'Größe',
  'harbor.ts:12',
  'a%b_c\\d',
  '構築',
  '',
  'two\nlines',
  '[x] (y)',
];
const begin = Date.parse('2026-11-21T10:00:00Z');
const metadata: LogLine['metadata'][] = [
  {},
  { kind: 'output', toolUsed: 'npm test', attempt: 1 },
  { kind: 'output', agentName: 'claude' },
  { kind: 'tool_call', agentName: 'claude', attempt: 2 },
  { kind: 'message', agentName: 'claude', attempt: 14 },
  { kind: 'step', attempt: 3 },
  { kind: 'step', attempt: 0 },
  { agentName: 'of no kind' },
  { kind: 'agent' },
];
let batches = 0;

/** The same lines for the same numbers; one second apart. */
function lineAt(taskId: string, seq: number): LogLine {
  const pick = <T>(from: readonly T[], step: number) => from[Math.floor(seq / step) % from.length] as T;
  return {
    seq,
    taskId,
    adwId: null,
    phase: seq % 97 === 0 ? null : pick(phaseNames, 700),
    level: seq % 41 === 0 ? 'error' : pick(logLevels.slice(0, 3), 5),
    message: `${pick(words, 1)}${seq % 3 ? ' ' : ''}${pick(words, 7)} ${seq % 613 === 0 ? `needle ${seq}` : seq % 10}`,
    metadata: pick(metadata, 3),
    timestamp: new Date(begin + seq * 1000).toISOString(),
  };
}

/** Stores lines `from` to `to` of a task as a worker does; answers all of its lines. */
async function write(taskId: string, from: number, to: number): Promise<LogLine[]> {
  const lines = Array.from({ length: to }, (_, at) => lineAt(taskId, at + 1));
  const producer = crypto.randomUUID();
  for (let at = from - 1; at < to; at += 500) {
    const own = lines.slice(at, Math.min(at + 500, to)).map(({ seq: _, ...line }) => line);
    await insertLogBatch(fresh.database, { producer, number: ++batches, lines: own });
  }
  return lines;
}

const selections: LogSelection[] = [
  { level: ['error'] },
  { phase: ['TEST'], level: ['warn', 'error'] },
  { source: ['command'] },
  { attempt: ['1'] },
  { attempt: ['2', '3'], source: ['agent'] },
  { source: ['agent', 'sentra'], phase: ['CODE'], level: ['info'] },
  { source: ['sentra'], q: 'merge', until: '2026-11-21T10:21:30.500Z' },
  { q: 'needle' },
  { q: 'merge' },
  { q: 'merge', case: true },
  { q: 'GRÖSSE' },
  { q: '築' },
  { q: 'a%b_c\\d', level: ['debug'] },
  { q: 'two\nlines t' },
  { q: 'no such text' },
  { q: '^needle|needle \\d+$', regex: true },
  { q: '^(worktree|MERGE) ', regex: true, case: true },
  { q: '^$', regex: true },
  { q: 'two.lines', regex: true },
  { q: 'two[^x]lines\\s', regex: true },
  { q: 'two\\nlines', regex: true },
  { q: 'timeout(?! )', regex: true },
  { q: '\\Atimeout', regex: true },
  { q: '\\mharbor\\.ts:1[0-9]\\M', regex: true, phase: ['PLAN'] },
  { since: '2026-11-21T10:10:00Z', until: '2026-11-21T10:21:30.500Z' },
  { since: '2026-11-21T10:30:00Z', q: 'needle' },
  { q: 'timeout', until: '2026-11-21T10:00:00+01:00' },
];

/** What PostgreSQL's dialect and JavaScript's mean alike in these selections. */
function matches(line: LogLine, { q, regex, case: exact, since, until, ...filter }: LogSelection): boolean {
  const at = Date.parse(line.timestamp);
  if ((since && at < Date.parse(since)) || (until && at >= Date.parse(until))) return false;
  if (!matchesFilter(line, filter)) return false;
  if (!q) return true;
  if (!regex) return exact ? line.message.includes(q) : lower(line.message).includes(lower(q));
  const pattern = q.replaceAll('\\m', '\\b').replaceAll('\\M', '\\b').replaceAll('\\A', '^');
  return new RegExp(pattern, exact ? 's' : 'is').test(line.message);
}
/** The test database has the C locale, where only these letters have a case. */
const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

const count = (lines: readonly LogLine[], keyOf: (line: LogLine) => string) =>
  Object.fromEntries([...Map.groupBy(lines, keyOf)].map(([key, group]) => [key, group.length]));

async function compare(taskId: string, lines: readonly LogLine[]): Promise<void> {
  const seqs = async (query: Partial<LogQuery>) =>
    (await reader.list(taskId, { limit: 50, order: 'asc', ...query })).items.map((line) => line.seq);
  for (const selection of selections) {
    const wanted = lines.filter((line) => matches(line, selection)).map((line) => line.seq);
    const middle = wanted[wanted.length >> 1] ?? 1;
    const told = JSON.stringify(selection);
    expect([told, await seqs(selection)]).toEqual([told, wanted.slice(0, 50)]);
    expect([told, await seqs({ ...selection, order: 'desc' })]).toEqual([told, wanted.toReversed().slice(0, 50)]);
    expect([told, await seqs({ ...selection, offset: 40, limit: 7 })]).toEqual([told, wanted.slice(40, 47)]);
    const after = wanted.filter((seq) => seq > middle).slice(0, 1);
    expect([told, await seqs({ ...selection, after: middle, limit: 1 })]).toEqual([told, after]);
    const before = wanted.filter((seq) => seq < middle).slice(-1);
    expect([told, await seqs({ ...selection, before: middle, limit: 1, order: 'desc' })]).toEqual([told, before]);
    const { phase, level, source, attempt, ...rest } = selection;
    const among = (others: LogSelection) => lines.filter((line) => matches(line, { ...rest, ...others }));
    expect([told, await reader.summary(taskId, selection)]).toEqual([
      told,
      {
        firstSeq: 1,
        lastSeq: lines.length,
        total: lines.length,
        matched: wanted.length,
        byPhase: count(among({ level, source, attempt }), (l) => l.phase ?? '-'),
        byLevel: count(among({ phase, source, attempt }), (l) => l.level),
        bySource: count(among({ phase, level, attempt }), (l) => facetsOf(l).source),
        byAttempt: count(among({ phase, level, source }), (l) => facetsOf(l).attempt ?? '-'),
        removed: null,
      },
    ]);
  }
}

test('pages, neighbours and counts are those of a look at every line, whatever is indexed so far', async () => {
  const taskId = newTaskId();
  await compare(taskId, await write(taskId, 1, 2_500));
  expect(await index.fillOnce()).toBe(2); // whole blocks
  expect(await index.fillOnce()).toBe(1); // and the rest, for it has rested
  await compare(taskId, await write(taskId, 2_501, 2_600)); // the last block does not tell of all
  await index.fillOnce();
  await compare(taskId, await write(taskId, 2_601, 3_200));
  await index.fillOnce();
  expect(await index.fillOnce()).toBe(1);
  expect(await index.fillOnce()).toBe(0);
}, 60_000);

test('two processes that index at once write what one would', async () => {
  const taskId = newTaskId();
  await write(taskId, 1, linesPerBlock * 3);
  const other = createLogIndex({ database: fresh.database, onError: () => {} });
  await Promise.all([index.fillOnce(), other.fillOnce()]);
  expect((await reader.summary(taskId, { q: 'needle' })).matched).toBe(5);
  expect(await index.fillOnce()).toBe(0);
});

test('a long task is searched through its index, and what was found once is not looked for again', async () => {
  const taskId = newTaskId();
  const lines = await write(taskId, 1, linesPerBlock * 60);
  await index.fillOnce();
  const wanted = lines.filter((line) => line.message.endsWith('needle 36780'));
  expect(wanted).toHaveLength(1);
  for (const q of ['needle 36780', 'NEEDLE \\d678\\d$']) {
    const query = { q, regex: q.endsWith('$'), limit: 10, order: 'asc' } as const;
    expect((await reader.list(taskId, query)).items).toEqual(wanted);
    expect((await reader.summary(taskId, query)).matched).toBe(1);
    expect((await reader.list(taskId, { ...query, order: 'desc' })).items).toEqual(wanted);
  }
  const pages = [];
  for await (const page of reader.pages(taskId, {})) pages.push(...page.map((line) => line.seq));
  expect(pages).toEqual(lines.map((line) => line.seq));
}, 60_000);

test('a faulty regular expression and one that takes for ever are refused with the way out', async () => {
  const taskId = newTaskId();
  await write(taskId, 1, 10);
  const search = (q: string) => reader.list(taskId, { q, regex: true, limit: 1, order: 'asc' });
  await expect(search('a(b')).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('position 2'),
  });
  await expect(search('a{2,1}')).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('q:') });
});
