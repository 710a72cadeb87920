import { expect, it } from 'vitest';
import { planGaps, planProblem, readPlan, unansweredPlan, untouched } from '#src/domain/plan.ts';

const plan = [
  '# Plan',
  '',
  'Change `src/tariff.mjs` (see Math.ceil(x), e.g. on example.com, v1.2.3, Node.js) and package.json.',
  '1. Round up in ./src/tariff.mjs.',
  '- [ ] Add a case to test/tariff.test.mjs',
].join('\n');

it('a plan names files, steps and tests', () => {
  expect(readPlan(plan)).toEqual({
    files: ['src/tariff.mjs', 'package.json', 'test/tariff.test.mjs'],
    steps: ['Round up in ./src/tariff.mjs.', '[ ] Add a case to test/tariff.test.mjs'],
    tests: ['- [ ] Add a case to test/tariff.test.mjs'],
  });
  expect(planProblem(plan, { title: 'Round' }, true)).toBeUndefined();
});

it.each([
  '',
  '# Plan\n\n## Steps\n',
  'Done.',
  'I have planned everything carefully.',
  'The plan is complete and good.',
  'TODO',
])('an empty plan is told from a short one: %j', (text) => {
  expect(planProblem(text, { title: 'Add greet' }, false)).toMatch(/empty/);
});

it.each(['Write feature.txt.', '- do it', 'We greet people by name.', 'Do the work well.', '问候 greet'])(
  'a short plan is enough, unless a project is strict: %j',
  (text) => {
    expect(planProblem(text, { title: 'Add greet to the page' }, false)).toBeUndefined();
    expect(planProblem(text, { title: 'Add greet to the page' }, true)).toMatch(/names no (files|steps|tests)/);
    expect(planGaps(readPlan(text))).toContain('tests');
  },
);

it('a change answers a plan when it touches a planned file, or says why it does not', () => {
  expect(unansweredPlan('Change a.ts', ['b.ts'], 'All done.')).toContain('it touches b.ts, and the plan names a.ts');
  expect(unansweredPlan('Change a.ts and c.ts', ['src/c.ts'], '')).toBeUndefined();
  expect(unansweredPlan('Change a.ts', ['b.ts'], 'What a.ts did is in b.ts now.')).toBeUndefined();
  expect(unansweredPlan('Just do it', ['b.ts'], '')).toBeUndefined();
  expect(untouched(['a.ts', 'src/x.ts', 'lib/'], ['deep/a.ts', 'lib/y.ts'])).toEqual(['src/x.ts']);
});

it('a hostile plan is read in no time', () => {
  const before = process.cpuUsage();
  for (const piece of ['a/', 'a.', '../', '([']) readPlan(`${piece.repeat(200_000)}\n`.repeat(3));
  expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
});
