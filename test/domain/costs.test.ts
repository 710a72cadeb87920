import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainHold, holdBack, type Meter, passedMarks, resolveLimits } from '#src/domain/budget.ts';
import { defaultPrices } from '#src/domain/default-prices.ts';
import { forecast, quantile } from '#src/domain/forecast.ts';
import { costOf, findPrice, type Price } from '#src/domain/price.ts';
import { noTokens } from '#src/domain/spending.ts';

const price = (model: string, scope: Price['scope'], inputUsd = 1): Price => ({
  model,
  scope,
  inputUsd,
  outputUsd: 0,
  cacheReadUsd: 0,
  cacheWriteUsd: 0,
  source: 'a test',
  asOf: '2026-01-01',
});

describe('prices', () => {
  test('a project comes before the server, the server before the default, and the longer name before the shorter', () => {
    const all = [price('*', 'server', 4), price('gpt*', 'default', 1), price('gpt-9*', 'default', 2)];
    expect(findPrice(all, 'gpt-9-mini')?.inputUsd).toBe(4);
    expect(findPrice([...all, price('gpt-9-mini', 'project', 5)], 'gpt-9-mini')?.inputUsd).toBe(5);
    expect(findPrice(all.slice(1), 'gpt-9-mini')?.inputUsd).toBe(2);
    expect(findPrice(all.slice(1), 'other')).toBeUndefined();
    expect(findPrice(all, null)).toBeUndefined();
  });

  test('models are found under the names that platforms give them', () => {
    const inputOf = (model: string) => findPrice(defaultPrices, model)?.inputUsd;
    expect(inputOf('claude-opus-4-5-20251101')).toBe(5);
    expect(inputOf('us.anthropic.claude-sonnet-4-5-20250929-v1:0')).toBe(3);
    expect(inputOf('claude-opus-5-5')).toBe(4);
    expect(inputOf('claude-opus-5')).toBe(5);
    expect(inputOf('claude-haiku-5-5')).toBeUndefined(); // its price depends on the length of the prompt
  });

  test('a pattern with many stars is tried in no time on a name of any length', () => {
    expect(findPrice([price(`${'*a'.repeat(60)}b`, 'server')], 'a'.repeat(200))).toBeUndefined();
  });

  test('the cost of tokens is exact to the micro-dollar, whatever their number', () => {
    const counts = fc.array(fc.nat({ max: 2 ** 31 - 1 }), { minLength: 4, maxLength: 4 });
    const rates = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(counts, rates, ([a = 0, b = 0, c = 0, d = 0], rates) => {
        const [inputUsd = 0, outputUsd = 0, cacheReadUsd = 0, cacheWriteUsd = 0] = rates.map((cents) => cents / 1000);
        const tokens = { inputTokens: a, outputTokens: b, cacheReadTokens: c, cacheWriteTokens: d };
        const thousandths = [a, b, c, d].reduce((sum, count, i) => sum + BigInt(count) * BigInt(rates[i] ?? 0), 0n);
        const exact = (thousandths + 500n) / 1000n;
        expect(costOf(tokens, { inputUsd, outputUsd, cacheReadUsd, cacheWriteUsd })).toBe(Number(exact));
      }),
    );
    expect(costOf(noTokens, price('a', 'server'))).toBe(0);
  });
});

const meter = (more: Partial<Meter> = {}): Meter => ({
  scope: 'project',
  scopeId: 'proj-1',
  period: 'month',
  limitMicros: 1000,
  from: 'settings',
  spentMicros: 0,
  reservedMicros: 0,
  unknownSessions: 0,
  until: '2026-12-01T00:00:00.000Z',
  ...more,
});

describe('budgets', () => {
  test('what is set nearest wins, and the server limits days and months besides the project', () => {
    const limits = resolveLimits({
      projectId: 'proj-1',
      taskId: 'task-1',
      server: { sessionUsd: 1, taskUsd: 2, monthUsd: 100 },
      project: { monthUsd: 50 },
      task: { taskUsd: 9 },
      file: { taskUsd: 5, monthUsd: 10, dayUsd: 3 },
    });
    expect(limits.map(({ scope, period, limitMicros, from }) => [scope, period, limitMicros / 1e6, from])).toEqual([
      ['task', 'session', 1, 'settings'],
      ['task', 'task', 9, 'settings'],
      ['project', 'day', 3, 'sentra.json'],
      ['project', 'month', 50, 'settings'],
      ['server', 'month', 100, 'settings'],
    ]);
  });

  test('a phase starts on the last cent alone, but not beside others who need it', () => {
    expect(holdBack([meter({ spentMicros: 999 })], 500)).toBeUndefined();
    expect(holdBack([meter({ spentMicros: 1000 })], 1)?.because).toBe('used_up');
    expect(holdBack([meter({ reservedMicros: 600 })], 500)?.because).toBe('reserved');
    expect(holdBack([meter({ reservedMicros: 500 })], 500)).toBeUndefined();
    expect(holdBack([], 500)).toBeUndefined();
  });

  test('the reason names the way to more', () => {
    const reason = explainHold({ meter: meter({ spentMicros: 1200, from: 'sentra.json' }), because: 'used_up' });
    expect(reason.message).toContain(
      '`npx sentra budget set --month USD --project proj-1`, or budget.monthUsd in sentra.json',
    );
    expect(reason.until).toBe('2026-12-01T00:00:00.000Z');
  });

  test('marks are passed in whole numbers', () => {
    expect(passedMarks(meter({ limitMicros: 3, spentMicros: 1 }))).toEqual([]);
    expect(passedMarks(meter({ spentMicros: 800 }))).toEqual([50, 80]);
    expect(passedMarks(meter({ spentMicros: 5000 }))).toEqual([50, 80, 100]);
  });
});

describe('the forecast', () => {
  const example = (micros: number, phase = 'CODE', workflowType = 'full_sdlc') => ({
    workflowType,
    agent: 'claude',
    phase,
    micros,
  });
  const left = (taskId: string, phase = 'CODE', agent = 'claude') => ({
    taskId,
    workflowType: 'full_sdlc',
    agent,
    phase,
  });

  test('adds up the medians of finished phases of the same kind', () => {
    const examples = [1, 2, 3, 4, 5].map((n) => example(n * 1e6));
    expect(forecast([left('a'), left('b')], examples)).toEqual({
      likelyUsd: 6,
      lowUsd: 4,
      highUsd: 9.2,
      tasks: 2,
      phases: 2,
      unknownPhases: 0,
      examples: 5,
    });
  });

  test('says what it cannot tell: fewer than three examples are none', () => {
    const few = forecast([left('a')], [example(1e6), example(1e6)]);
    expect(few).toMatchObject({ likelyUsd: null, lowUsd: null, highUsd: null, unknownPhases: 1 });
    const some = forecast(
      [left('a'), left('a', 'PLAN')],
      [1, 1, 1].map((n) => example(n * 1e6)),
    );
    expect(some).toMatchObject({ likelyUsd: 1, phases: 2, unknownPhases: 1 });
    expect(forecast([], [])).toMatchObject({ likelyUsd: 0, tasks: 0 });
  });

  test('takes examples of another workflow where its own has too few, and never those of another agent', () => {
    const others = [1, 2, 3].map((n) => example(n * 1e6, 'CODE', 'plan_code'));
    expect(forecast([left('a')], others).likelyUsd).toBe(2);
    expect(forecast([left('a', 'CODE', 'gemini')], others).likelyUsd).toBeNull();
  });

  test('a quantile lies between its neighbours', () => {
    expect([0, 0.25, 0.5, 1].map((share) => quantile([10, 20, 30, 40], share))).toEqual([10, 17.5, 25, 40]);
  });
});
