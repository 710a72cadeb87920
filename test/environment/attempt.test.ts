import { expect, test } from 'vitest';
import { keepTail } from '#src/environment/attempt.ts';

const help = ['Usage:', 'npm ci', 'Options:', ...Array.from({ length: 90 }, (_, i) => `  --option-${i}`)];

test('the tail of a failed install says what is wrong, not how npm is called', () => {
  const passedOn: string[] = [];
  const tail = keepTail((line) => passedOn.push(line));
  const said = [
    'code EUSAGE',
    "Invalid: lock file's is-odd@3.0.1 does not satisfy is-odd@2.0.0",
    ...help,
    'Run "npm help ci" for more info',
    'A complete log of this run can be found in: /x.log',
  ].map((line) => `npm error ${line}`);
  for (const line of said) tail.onLine(line, 'stderr');
  expect(tail.text().split('\n')).toEqual([said[0], said[1], said.at(-1)]);
  expect(passedOn).toEqual(said);
});

test('of other output the last twenty lines are kept', () => {
  const tail = keepTail(undefined);
  for (let i = 1; i <= 50; i++) tail.onLine(`line ${i}`, 'stdout');
  expect(tail.text().split('\n')).toEqual(Array.from({ length: 20 }, (_, i) => `line ${31 + i}`));
});
