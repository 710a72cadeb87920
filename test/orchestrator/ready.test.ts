import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NewTaskInput } from '#src/domain/task.ts';
import { keepStacked } from '#src/orchestrator/stacked.ts';
import { findWrongStatuses } from '#src/store/change.ts';
import { type Board, openBoard } from './board.ts';

let board: Board;
let projectId: string;
let projectPath: string;
beforeAll(async () => {
  board = await openBoard();
});
beforeEach(async () => {
  await board.clear();
  ({ id: projectId, path: projectPath } = await board.addProject());
});
afterAll(() => board?.drop());

const create = async (title: string, more: Partial<NewTaskInput> = {}) =>
  (await board.tasks.create({ projectId, title, autoStart: true, ...more })).id;
const reasonsOf = async (id: string) =>
  (await board.views.why(id)).reasons.map(({ code, message }) => `${code}: ${message}`);
const configure = (config: object) => writeFileSync(path.join(projectPath, 'sentra.json'), JSON.stringify(config));

describe('what starts', () => {
  test('is the most urgent first, then what the most wait for, then the oldest, as slots become free', async () => {
    const old = await create('old');
    const gate = await create('gate');
    await create('behind', { dependencies: [gate] });
    const low = await create('low', { priority: 'low' });
    const urgent = await create('urgent', { priority: 'high' });
    expect(await board.look()).toEqual(['urgent']);
    expect(await board.look()).toEqual([]);
    expect(await reasonsOf(old)).toEqual(['no_slot: the only slot is in use; number 2 in the queue']);
    await board.end(urgent, 'merged');
    expect(await board.look()).toEqual(['gate']);
    board.host.count = 2;
    expect(await board.look()).toEqual(['old']);
    await board.end(gate, 'merged');
    expect(await board.look()).toEqual(['behind']);
    expect(await board.statusOf(low)).toBe('queued');
  });

  test('is a task that somebody asked for now, before hundreds that came earlier and matter less', async () => {
    for (let at = 0; at < 30; at++) await create(`early ${at}`);
    const busy = await create('busy', { priority: 'high' });
    await board.look();
    const late = await create('late', { priority: 'high', autoStart: false });
    const { adwId } = await board.lifecycle.start(late);
    expect(await board.statusOf(late)).toBe('queued');
    await board.end(busy, 'merged');
    expect(await board.look()).toEqual(['late']);
    await board.end(late, 'merged');
    const { rows } = await board.database.pool.query('select adw_id from sentra.runs where task_id = $1', [late]);
    expect(rows).toEqual([{ adw_id: adwId }]);
  });

  test('keeps within the caps of the project, and says which one holds a task', async () => {
    configure({ limits: { slots: 2, agentSlots: { claude: 1 } } });
    board.host.count = 9;
    await create('first', { agent: 'claude', priority: 'high' });
    const second = await create('second', { agent: 'claude', priority: 'high' });
    expect(await board.look()).toEqual(['first']);
    expect(await reasonsOf(second)).toEqual(['agent_cap: the agent claude runs at most 1 at once (limits.agentSlots)']);
    await create('other', { agent: 'demo', priority: 'low' });
    expect(await board.look()).toEqual(['other']);
    const more = await create('more', { agent: 'demo' });
    expect(await board.look()).toEqual([]);
    expect(await reasonsOf(more)).toEqual(['project_cap: the project runs at most 2 at once (limits.slots)']);
  });

  test('is nothing of a paused project, and all of it once it is resumed', async () => {
    const id = await create('patient');
    await board.projects.patch(projectId, { paused: true });
    expect(await board.look()).toEqual([]);
    expect(await reasonsOf(id)).toEqual(['paused: the project is paused: resume it']);
    await board.projects.patch(projectId, { paused: false });
    expect(await board.look()).toEqual(['patient']);
  });

  test('is nothing while the host has closed a gate, and why says until when', async () => {
    const id = await create('patient');
    const until = '2026-11-21T17:00:00.000Z';
    board.host.closed = [{ code: 'disk_low', message: 'The disk is nearly full.', until }];
    expect(await board.look()).toEqual([]);
    expect(await board.views.why(id)).toEqual({
      runnable: false,
      reasons: [{ code: 'disk_low', message: 'The disk is nearly full.', until }],
    });
    board.host.closed = [];
    expect(await board.look()).toEqual(['patient']);
  });

  test('is the next with another agent while the one with the highest rank is held by its agent', async () => {
    await create('broken', { agent: 'claude', priority: 'high' });
    await create('sound', { agent: 'demo', priority: 'low' });
    board.host.closed = [
      { code: 'breaker_open', message: 'claude failed three times in a row', projectId, agent: 'claude' },
    ];
    expect(await board.look()).toEqual(['sound']);
  });

  test('is shared by two projects', async () => {
    const { id: second } = await board.addProject();
    for (let at = 0; at < 6; at++) await create(`first ${at}`, { priority: 'high' });
    for (let at = 0; at < 6; at++) await create(`second ${at}`, { projectId: second, priority: 'low' });
    board.host.count = 4;
    const started = await board.look();
    expect(started.map((title) => title.split(' ')[0]).sort()).toEqual(['first', 'first', 'second', 'second']);
  });

  test('starts once, on no more slots than there are, when two servers look at the same moment', async () => {
    for (let at = 0; at < 12; at++) await create(`task ${at}`);
    board.host.count = 5;
    const looks = await Promise.all([board.look(), board.look(), board.look()]);
    expect(new Set(looks.flat()).size).toBe(5);
    expect(looks.flat()).toHaveLength(5);
    const { rows } = await board.database.pool.query('select count(*)::int as n from sentra.runs');
    expect(rows).toEqual([{ n: 5 }]);
  });

  test('is not what a person cancels at this moment', async () => {
    board.host.count = 20;
    const ids = await Promise.all(Array.from({ length: 20 }, (_, at) => create(`task ${at}`)));
    await Promise.all([board.look(), ...ids.map((id) => board.lifecycle.cancel(id))]);
    for (const id of ids) expect(await board.statusOf(id)).toBe('cancelled');
    expect((await findWrongStatuses(board.database.db)).wrong).toEqual([]);
    expect(await board.look()).toEqual([]);
  });
});

describe('a task behind one that failed', () => {
  const behind = async () => {
    const first = await create('first');
    const second = await create('second', { dependencies: [first] });
    await board.look();
    await board.end(first, 'failed');
    expect(await board.look()).toEqual([]);
    expect(await board.views.why(second)).toEqual({
      runnable: false,
      reasons: [
        {
          code: 'dependency_failed',
          message: 'waits for "first", which failed: retry it, skip it, or drop the dependency',
          taskId: first,
        },
      ],
    });
    return { first, second };
  };

  test('goes on when that one is retried and done', async () => {
    const { first } = await behind();
    await board.lifecycle.retry(first);
    expect(await board.look()).toEqual(['first']);
    await board.end(first, 'merged');
    expect(await board.look()).toEqual(['second']);
  });

  test('goes on when that one is skipped', async () => {
    const { first } = await behind();
    await board.lifecycle.skip(first);
    expect(await board.look()).toEqual(['second']);
  });

  test('goes on when the dependency is dropped', async () => {
    const { first, second } = await behind();
    await board.tasks.patch(second, { removeDependencies: [first] });
    expect(await board.look()).toEqual(['second']);
  });

  test('waits again for a dependency that it gets while it is in the queue', async () => {
    const running = await create('running', { priority: 'high' });
    await board.look();
    const asked = await create('asked', { autoStart: false });
    await board.lifecycle.start(asked);
    await board.tasks.patch(asked, { addDependencies: [running] });
    expect(await board.statusOf(asked)).toBe('blocked');
    await board.end(running, 'merged');
    expect(await board.look()).toEqual(['asked']);
  });
});

test('in a stacked project one dependency in review is enough, two are not', async () => {
  board.host.count = 5;
  const review = async (title: string) => {
    const id = await create(title);
    await board.look();
    await board.end(id, 'completed');
    await board.database.pool.query(
      `insert into sentra.pull_requests (project_id, number, task_id, state, title, body, head_branch, base_branch, head_commit)
        select $1, coalesce(max(number), 0) + 1, $2, 'open', '', '', 'b', 'main', 'c' from sentra.pull_requests`,
      [projectId, id],
    );
    await board.changes.change(async ({ touch }) => touch(id));
    expect(await board.statusOf(id)).toBe('in_review');
    return id;
  };
  const [one, two] = [await review('one'), await review('two')];
  const onOne = await create('on one', { dependencies: [one] });
  const onBoth = await create('on both', { dependencies: [one, two] });
  expect(await board.look()).toEqual([]);
  configure({ stacked: true });
  await keepStacked(board);
  expect(await board.look()).toEqual(['on one']);
  expect((await reasonsOf(onBoth))[0]).toContain('another one in review is not merged either');
  await board.end(onOne, 'merged');
  configure({ stacked: false });
  await keepStacked(board);
  expect(await board.statusOf(onBoth)).toBe('blocked');
});
