import { describe, expect, test } from 'vitest';
import type { BudgetMeter } from '#src/domain/budget.ts';
import type { Costs } from '#src/domain/cost.ts';
import { cli } from '../helpers/cli.ts';
import { aProject } from '../helpers/contract-api.ts';

const sum = {
  costUsd: null,
  knownUsd: 1.25,
  agentUsd: 1,
  pricesUsd: 0.25,
  tokens: { input: 12_000, output: 300, cacheRead: 0, cacheWrite: 0 },
  sessions: 4,
  unknownSessions: 1,
};

const meter: BudgetMeter = {
  scope: 'project',
  scopeId: aProject().id,
  period: 'month',
  limitUsd: 5,
  from: 'sentra.json',
  spentUsd: 1.25,
  reservedUsd: 0.5,
  unknownSessions: 1,
  percent: 25,
  until: '2026-12-01T00:00:00.000Z',
};

const costs: Costs = {
  total: sum,
  by: 'model',
  items: [{ ...sum, key: 'test-model-1', title: null }],
  budgets: [meter],
  forecast: { likelyUsd: 4, lowUsd: 3, highUsd: 9, tasks: 2, phases: 5, unknownPhases: 1, examples: 7 },
};

const listProjects = () => ({ items: [aProject()] });

describe('costs', () => {
  test('a sum with an unknown part is told as at least, with budgets and the forecast', async () => {
    const asked: object[] = [];
    const argv = ['costs', '--project', aProject().name, '--by', 'model', '--since', '2026-11-01'];
    const getCosts = ({ query }: { query: object }) => {
      asked.push(query);
      return costs;
    };
    const { out, code } = await cli(argv, { listProjects, getCosts });
    expect(code).toBe(0);
    expect(asked).toMatchObject([{ projectId: aProject().id, by: 'model', since: '2026-11-01' }]);
    expect(out).toMatch(/at least \$1\.25 in 4 sessions/);
    expect(out).toMatch(/not priced +1 sessions/);
    expect(out).toMatch(
      /the month's budget of the project +\$1\.25 of \$5\.00, 25 %, \$0\.5000 reserved by runs at work/,
    );
    expect(out).toMatch(/what is left to do +at least \$4\.00 \(\$3\.00 to \$9\.00\) for 2 tasks; 1 of 5 phases/);
    expect(out).toMatch(/test-model-1 +at least \$1\.25 +4 +12,000 +300/);
  });

  test('a time that is none is refused before anybody is asked', async () => {
    const { code, err } = await cli(['costs', '--since', 'yesterday'], {});
    expect(code).toBe(2);
    expect(err).toContain('It is a day as 2026-11-21');
  });
});

describe('budget and prices', () => {
  test('limits are set and taken away, of a project, a task or the server', async () => {
    const bodies: object[] = [];
    const patchBudget = ({ body }: { body: object }) => {
      bodies.push(body);
      return { limits: {}, file: {}, meters: [meter] };
    };
    const set = (...args: string[]) => cli(['budget', 'set', ...args], { listProjects, patchBudget });
    await set('--project', aProject().name, '--month', '500', '--session', 'none');
    await set('--server', '--day', '$20');
    await set('--task', 'task-0123456789ab', '--task-total', '7.5');
    expect(bodies).toEqual([
      { projectId: aProject().id, monthUsd: 500, sessionUsd: null },
      { dayUsd: 20 },
      { taskId: 'task-0123456789ab', taskUsd: 7.5 },
    ]);
    expect((await set('--server', '--day', '-3')).code).toBe(2);
    const nothing = await set('--server');
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringContaining('Name what to set: --session')]);
  });

  test('a price is set for all projects unless one is named, and listed with its source', async () => {
    const bodies: object[] = [];
    const setPrice = ({ body }: { body: { model: string; inputUsd: number; outputUsd: number } }) => {
      bodies.push(body);
      const cache = { cacheReadUsd: body.inputUsd, cacheWriteUsd: body.inputUsd };
      const price = { ...cache, model: body.model, inputUsd: body.inputUsd, outputUsd: body.outputUsd };
      return { items: [{ ...price, scope: 'server' as const, source: 'a page', asOf: '2026-11-21T00:00:00.000Z' }] };
    };
    const argv = ['prices', 'set', 'gpt-9*', '--input', '1.25', '--output', '10', '--source', 'a page'];
    const { out, code } = await cli(argv, { setPrice });
    expect(code).toBe(0);
    expect(bodies).toEqual([{ model: 'gpt-9*', inputUsd: 1.25, outputUsd: 10, source: 'a page' }]);
    expect(out).toMatch(/gpt-9\* +\$1\.25 +\$10 +\$1\.25 +\$1\.25 +all projects +2026-11-21 +a page/);
  });
});
