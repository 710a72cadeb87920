import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProjectLogQuery } from '#src/domain/log.ts';
import { facetsOf } from '#src/domain/log-facets.ts';
import { createLogIndex } from '#src/logs/log-index.ts';
import { type SearchPace, searchProject } from '#src/logs/project-search.ts';
import { insertLogBatch, type NewLogLine } from '#src/store/logs.ts';
import { type Board, openBoard } from '../orchestrator/board.ts';

let board: Board;
let projectId: string;
let taskIds: string[];
const stored: (NewLogLine & { seq: number })[] = [];
const sayers: NewLogLine['metadata'][] = [
  {},
  { kind: 'step', attempt: 4 },
  { kind: 'output', agentName: 'claude' },
  { kind: 'message' },
  { kind: 'output' },
];
const begin = Date.parse('2026-11-21T10:00:00Z');

beforeAll(async () => {
  board = await openBoard();
  projectId = (await board.addProject()).id;
  const tasks = await Promise.all(
    [0, 1, 2, 3].map((at) => board.tasks.create({ projectId, title: `Task ${at}`, dependencies: [] })),
  );
  taskIds = tasks.map(({ id }) => id);
  const other = await board.tasks.create({
    projectId: (await board.addProject()).id,
    title: 'Other',
    dependencies: [],
  });
  const index = createLogIndex({
    database: board.database,
    onError: (e) => {
      throw e;
    },
  });
  await write(taskIds[0] ?? '', 3_000, 1);
  await write(taskIds[1] ?? '', 2_500, 2);
  await write(other.id, 50, 1, false);
  await index.fillOnce(); // whole blocks
  await write(taskIds[2] ?? '', 700, 3);
  await index.fillOnce(); // the rest of the first ones
  await write(taskIds[3] ?? '', 40, 60);
}, 60_000);
afterAll(() => board?.drop());

/** Lines `stepSeconds` apart, so that those of the tasks lie between each other; some at the very same time. */
async function write(taskId: string, count: number, stepSeconds: number, isOurs = true): Promise<void> {
  const lines = Array.from({ length: count }, (_, at) => ({
    taskId,
    adwId: null,
    phase: at % 2 ? ('CODE' as const) : null,
    level: at % 50 === 0 ? ('error' as const) : ('info' as const),
    message: at % 20 === 0 ? `connect ECONNREFUSED 127.0.0.1:${at}` : `line ${at} of many`,
    metadata: sayers[at % sayers.length] ?? {},
    timestamp: new Date(begin + at * stepSeconds * 1000).toISOString(),
  }));
  for (let at = 0; at < count; at += 500)
    await insertLogBatch(board.database, {
      producer: `${taskId}${at}`,
      number: 1,
      lines: lines.slice(at, at + 500),
    });
  if (isOurs) stored.push(...lines.map((line, at) => ({ seq: at + 1, ...line })));
}

async function searchAll(query: object, pace?: SearchPace): Promise<string[]> {
  const found: string[] = [];
  for (let before: string | null = null; ; ) {
    const asked = ProjectLogQuery.parse({ projectId, ...query, ...(before ? { before } : {}) });
    const page = await searchProject(board.database, asked, pace);
    expect(page.items.length).toBeLessThanOrEqual(asked.limit);
    found.push(...page.items.map((line) => `${line.timestamp} ${line.taskId} ${line.seq}`));
    before = page.nextBefore;
    if (before === null) return found;
  }
}

const expected = (isWanted: (line: NewLogLine & { seq: number }) => boolean) =>
  stored
    .filter(isWanted)
    .sort((a, b) => (a.timestamp === b.timestamp ? compare(a, b) : a.timestamp < b.timestamp ? 1 : -1))
    .map((line) => `${line.timestamp} ${line.taskId} ${line.seq}`);
const compare = (a: { taskId: string }, b: { taskId: string }) => (a.taskId < b.taskId ? 1 : -1);

test('every line of a project is found once, newest first, over any size of page', async () => {
  const refused = expected((line) => line.message.includes('ECONNREFUSED'));
  expect(await searchAll({ q: 'econnrefused' })).toEqual(refused);
  expect(await searchAll({ q: 'econnrefused', limit: 33 })).toEqual(refused);
  expect(await searchAll({ q: 'ECONNREFUSED .*:\\d*40$', regex: true, case: true, limit: 7 })).toEqual(
    expected((line) => /ECONNREFUSED .*:\d*40$/.test(line.message)),
  );
  expect(await searchAll({ level: 'error', phase: 'code' })).toEqual([]);
  expect(await searchAll({ level: 'error', limit: 50 })).toEqual(expected((line) => line.level === 'error'));
  for (const source of ['agent', 'command', 'sentra'] as const)
    expect(await searchAll({ source, limit: 1000 })).toEqual(expected((line) => facetsOf(line).source === source));
  expect(await searchAll({ attempt: '3', limit: 1000 })).toEqual(expected((line) => facetsOf(line).attempt === '3'));
  const [since, until] = ['2026-11-21T10:20:00Z', '2026-11-21T10:40:00Z'];
  const isBetween = ({ timestamp }: NewLogLine) =>
    Date.parse(timestamp) >= Date.parse(since) && Date.parse(timestamp) < Date.parse(until);
  expect(await searchAll({ since, until, limit: 1000 })).toEqual(expected(isBetween));
  expect(await searchAll({ q: 'nowhere in it' })).toEqual([]);
  const hurried = { patienceMs: 0, blocksAtOnce: 1 };
  expect(await searchAll({ q: 'econnrefused', limit: 33 }, hurried)).toEqual(refused);
  expect(await searchAll({ level: 'error' }, { ...hurried, patienceMs: 60_000 })).toEqual(
    expected((line) => line.level === 'error'),
  );
});

test('a search tells the title of the task, and refuses a cursor that is none', async () => {
  const query = ProjectLogQuery.parse({ projectId, q: 'many', limit: 1 });
  const [line] = (await searchProject(board.database, query)).items;
  expect(line).toMatchObject({ taskTitle: 'Task 1', seq: 2500, message: 'line 2499 of many' });
  await expect(searchProject(board.database, { ...query, before: 'yesterday' })).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('nextBefore'),
  });
  await expect(searchProject(board.database, { ...query, q: 'a[', regex: true })).rejects.toMatchObject({
    code: 'invalid',
  });
});
