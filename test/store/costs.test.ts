import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { priceTotal } from '#src/domain/spending.ts';
import { endSession, insertSession } from '#src/store/agent-sessions.ts';
import { groupCosts, sumCosts, sumTaskCosts } from '#src/store/cost-sums.ts';
import { bookTotals, bookUnknown, type SessionKey } from '#src/store/costs.ts';
import { createTestDatabase } from '../helpers/database.ts';

let here: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  here = await createTestDatabase();
});
afterAll(() => here.drop());

async function addProject(): Promise<string> {
  const id = `proj-${randomUUID()}`;
  const sql = `insert into sentra.projects (id, name, path, base_branch, git_dir) values ($1, $1, $1, 'main', $1)`;
  await here.database.pool.query(sql, [id]);
  return id;
}

async function addSession(projectId: string, conversation: string, taskId = 'task-1'): Promise<SessionKey> {
  const row = { taskId, adwId: 'adw-1', phase: 'CODE', attempt: 1, agent: 'claude' };
  const sessionId = randomUUID();
  await insertSession(here.database.db, { id: sessionId, ...row, systemPrompt: '', prompt: '', promptVersion: null });
  return { sessionId, conversation, projectId, ...row };
}

const total = (tokens: number, costMicros: number | null) =>
  priceTotal(
    { model: 'm', inputTokens: tokens, outputTokens: 2 * tokens, cacheReadTokens: 0, cacheWriteTokens: 0, costMicros },
    [],
  );

const book = (session: SessionKey, tokens: number, costMicros: number | null, isWhole = false) =>
  here.database.transaction((tx) => bookTotals(tx, session, { totals: [total(tokens, costMicros)], isWhole }));

/** Conversations, each told in growing totals by one or more sessions, of which some come again later. */
const step = fc.record({ more: fc.nat({ max: 1_000_000 }), next: fc.boolean(), again: fc.nat({ max: 3 }) });
const conversations = fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });

test('sums over all sessions are the last totals of all conversations, however often each total is told', async () => {
  await fc.assert(
    fc.asyncProperty(conversations, async (all) => {
      const projectId = await addProject();
      let expected = 0;
      for (const steps of all) {
        const conversation = randomUUID();
        let session = await addSession(projectId, conversation);
        const told: { session: SessionKey; at: number }[] = [];
        let at = 0;
        for (const { more, next, again } of steps) {
          if (next) session = await addSession(projectId, conversation);
          at += more;
          told.push({ session, at });
          await book(session, at, at);
          const late = told[told.length - 1 - again];
          if (late) await book(late.session, late.at, late.at, true);
        }
        expected += at;
      }
      const sum = await sumCosts(here.database.db, { projectId });
      expect([sum.knownMicros, sum.inputTokens, sum.outputTokens]).toEqual([expected, expected, 2 * expected]);
      for (const by of ['session', 'task', 'phase', 'agent', 'model', 'day', 'month', 'project'] as const) {
        const groups = await groupCosts(here.database.db, by, { projectId }, 1000);
        expect(groups.reduce((micros, group) => micros + group.knownMicros, 0)).toBe(expected);
      }
    }),
    { numRuns: 12 },
  );
});

test("the agent's own word at the end replaces what was reckoned, also under another name of the model", async () => {
  const projectId = await addProject();
  const session = await addSession(projectId, 'a');
  const reckoned = { ...total(500, null), costMicros: 900, source: 'prices' as const, model: 'm-1' };
  await here.database.transaction((tx) => bookTotals(tx, session, { totals: [reckoned], isWhole: false }));
  await book(session, 400, 700, true);
  expect(await sumCosts(here.database.db, { projectId })).toMatchObject({
    knownMicros: 700,
    agentMicros: 700,
    pricesMicros: 0,
    inputTokens: 400,
  });
});

test('a session that told nothing makes every sum that it is in unknown', async () => {
  const projectId = await addProject();
  await book(await addSession(projectId, 'b', 'task-b'), 10, 10);
  const silent = await addSession(projectId, 'c', 'task-b');
  await here.database.transaction(async (tx) => {
    await bookUnknown(tx, silent);
    await bookUnknown(tx, silent);
    await endSession(tx, silent.sessionId, { outcome: 'done', message: '', costUsd: null, usage: null });
  });
  expect(await sumCosts(here.database.db, { projectId })).toMatchObject({
    knownMicros: 10,
    sessions: 2,
    unknownSessions: 1,
  });
  expect((await sumTaskCosts(here.database.db, ['task-b'])).get('task-b')).toMatchObject({ isWhole: false });
});

test('two sessions of one conversation that tell its total at once take no part of it twice', async () => {
  const projectId = await addProject();
  const sessions = await Promise.all(Array.from({ length: 6 }, () => addSession(projectId, 'd')));
  await Promise.all(sessions.map((session) => book(session, 1000, 1000)));
  expect(await sumCosts(here.database.db, { projectId })).toMatchObject({ knownMicros: 1000, inputTokens: 1000 });
});
