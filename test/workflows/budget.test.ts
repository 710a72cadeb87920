import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { priceTotal } from '#src/domain/spending.ts';
import { insertSession } from '#src/store/agent-sessions.ts';
import { sumCosts } from '#src/store/cost-sums.ts';
import { bookTotals } from '#src/store/costs.ts';
import { reserveAttempt } from '#src/workflows/budget.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { makeRepository } from '../helpers/repository.ts';

let here: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  here = await createTestDatabase();
});
afterAll(() => here.drop());

async function addProject(budget: object) {
  const { path } = makeRepository({ config: { budget } });
  const project = { id: `proj-${randomUUID()}`, path, gitDir: `${path}/.git` };
  const sql = `insert into sentra.projects (id, name, path, base_branch, git_dir) values ($1, $1, $2, 'main', $3)`;
  await here.database.pool.query(sql, [project.id, project.path, project.gitDir]);
  return project;
}

type Project = Awaited<ReturnType<typeof addProject>>;

async function addRun(project: Project) {
  const [taskId, adwId] = [`task-${randomUUID()}`, `adw-${randomUUID()}`];
  await here.database.pool.query(
    `insert into sentra.tasks (id, project_id, title, description, type, priority, workflow_type, auto_start, no_changes_expected,
      needs_dev_server, labels, status) values ($1, $2, '', '', 'chore', 'low', 'code', false, false, false, '{}', 'running')`,
    [taskId, project.id],
  );
  await here.database.pool.query(
    `insert into sentra.runs (adw_id, task_id, workflow_type, status) values ($1, $2, 'code', 'running')`,
    [adwId, taskId],
  );
  return { project, taskId, adwId, phase: 'CODE', attempt: 1, agent: 'claude' };
}

type Run = Awaited<ReturnType<typeof addRun>>;
const begin = (run: Run) => here.database.transaction((tx) => reserveAttempt(tx, run));

/** A session of this run that comes to so much, after which the run is over. */
async function spend({ project, ...run }: Run, usd: number): Promise<void> {
  const sessionId = randomUUID();
  const row = { taskId: run.taskId, adwId: run.adwId, phase: run.phase, attempt: run.attempt, agent: run.agent };
  await insertSession(here.database.db, { id: sessionId, ...row, systemPrompt: '', prompt: '', promptVersion: null });
  const tokens = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const total = priceTotal({ model: 'm', ...tokens, costMicros: Math.round(usd * 1e6) }, []);
  const session = { sessionId, conversation: sessionId, projectId: project.id, ...row };
  await here.database.transaction((tx) => bookTotals(tx, session, { totals: [total], isWhole: true }));
  await here.database.pool.query(`update sentra.runs set status = 'completed' where adw_id = $1`, [run.adwId]);
}

test('runs that begin at the same moment reserve no more than there is, and what they spend less is there for others', async () => {
  const project = await addProject({ monthUsd: 2 });
  const runs = await Promise.all(Array.from({ length: 12 }, () => addRun(project)));
  const holds = await Promise.all(runs.map(begin));
  const started = runs.filter((_, at) => holds[at] === undefined);
  expect(started).toHaveLength(4); // half a dollar each, as nothing is known yet
  const waiting = runs.filter((_, at) => holds[at] !== undefined);
  expect(holds.find(Boolean)).toMatchObject({
    code: 'budget',
    message: expect.stringContaining('is reserved by runs at work'),
  });
  for (const run of started) await spend(run, 0.1);
  const again = await Promise.all(waiting.map(begin));
  // 1.60 are left, and a phase is known to cost 0.10 by now.
  expect(again.every((hold) => hold === undefined)).toBe(true);
});

test('many rounds of runs that cost what they were expected to never pass the budget', async () => {
  const project = await addProject({ dayUsd: 1.05 });
  for (const usd of [0.1, 0.1, 0.1]) {
    const run = await addRun(project);
    expect(await begin(run)).toBeUndefined();
    await spend(run, usd);
  }
  let held = 0;
  for (let round = 0; round < 4; round++) {
    const runs = await Promise.all(Array.from({ length: 5 }, () => addRun(project)));
    const holds = await Promise.all(runs.map(begin));
    held += holds.filter(Boolean).length;
    await Promise.all(runs.filter((_, at) => holds[at] === undefined).map((run) => spend(run, 0.1)));
  }
  const { knownMicros } = await sumCosts(here.database.db, { projectId: project.id });
  // The last of them began on the last five cents, alone.
  expect(knownMicros).toBe(1_100_000);
  expect(held).toBe(20 - 8);
});

test('a phase that runs again after a crash does not stand in its own way', async () => {
  const project = await addProject({ monthUsd: 0.6 });
  const run = await addRun(project);
  expect(await begin(run)).toBeUndefined();
  expect(await begin(run)).toBeUndefined();
  expect(await begin(await addRun(project))).toMatchObject({ code: 'budget' });
});

test('without a limit nothing is reserved, and a server-wide limit holds every project', async () => {
  await here.database.pool.query(`update sentra.runs set status = 'completed'`); // what the tests above have reserved
  const [first, second] = [await addProject({}), await addProject({})];
  for (let number = 0; number < 3; number++) expect(await begin(await addRun(first))).toBeUndefined();
  await here.database.pool.query(
    `insert into sentra.budgets (scope, period, limit_micros) select 'server', 'month', 700000 + sum(cost_micros) from sentra.costs`,
  );
  expect(await begin(await addRun(first))).toBeUndefined();
  expect(await begin(await addRun(second))).toMatchObject({
    message: expect.stringContaining("the month's budget of this server"),
  });
});
