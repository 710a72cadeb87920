import { expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';

const month = { scope: 'server', scopeId: 'server', period: 'month', limitUsd: 5, from: 'settings' } as const;
const meter = { ...month, spentUsd: 4.2, reservedUsd: 0, unknownSessions: 0, percent: 84, until: null };

test.each([
  [{ limits: {}, file: {}, meters: [] }, ['Nothing limits what may be spent.']],
  [
    { limits: { sessionUsd: 0.05 }, file: {}, meters: [meter] },
    [
      'each session                    at most $0.0500 (settings)',
      "the month's budget of this server  $4.20 of $5.00, 84 % (settings)",
    ],
  ],
  [{ limits: {}, file: { taskUsd: 3 }, meters: [] }, ['each task  at most $3.00 (sentra.json)']],
])('a budget tells of each session and task too', async (budget, lines) => {
  const { out } = await cli(['budget', 'set', '--server', '--session', '0.05'], { patchBudget: () => budget });
  const squeezed = (text: string) => text.replace(/ {2,}/g, '  ');
  expect(out.trimEnd().split('\n').map(squeezed)).toEqual(lines.map(squeezed));
});
