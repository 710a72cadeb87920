/** The trial of prompts, offline: the real Claude Code on a scripted model that does one task well and one badly. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startScriptedModel, type Turn } from '#src/agents/scripted-model.ts';
import { makeFolder } from '../helpers/repository.ts';
import { canRun, trialRepositories } from './backlog.ts';
import { isAccepted, runTrial, sumUp } from './trial.ts';

test.each(trialRepositories.filter(canRun))(
  'before anybody works on $name its tasks are not done',
  async (repository) => {
    const place = await repository.make('claude');
    for (const task of repository.tasks) expect(await isAccepted(place, 'main', task), task.title).toBe(false);
  },
);

const rounded = `export type Entry = { account: string; amount: number };

export function balance(entries: readonly Entry[], account: string): number {
  const own = entries.filter((entry) => entry.account === account);
  return own.reduce((sum, { amount }) => sum + Math.round(amount * 100), 0) / 100;
}
`;
const naive = `export type Entry = { account: string; amount: number };

export const balance = (entries: readonly Entry[], account: string): number =>
  entries.filter((entry) => entry.account === account).reduce((sum, { amount }) => sum + amount, 0);

export const parseEntries = (text: string): Entry[] =>
  text.split('\\n').slice(1).filter(Boolean).map((line) => {
    const [account = '', amount] = line.split(',');
    return { account, amount: Number(amount) };
  });
`;

test('what says that it is done is judged by a program that no agent has seen', async () => {
  const answer = (match: string, input: Record<string, unknown>): Turn => ({
    match,
    tool_use: [{ name: 'StructuredOutput', input }],
  });
  const write = (title: string, content: string): Turn[] => [
    {
      match: `Phase: CODE.*${title}`,
      tool_use: [{ name: 'Write', input: { file_path: '{{cwd}}/src/ledger.ts', content } }],
    },
    { match: `Phase: CODE.*${title}`, text: 'Changed src/ledger.ts.' },
  ];
  const plan = '1. Change src/ledger.ts\n2. Test it in test/ledger.spec.ts';
  const model = await startScriptedModel({
    script: {
      turns: [
        answer('Phase: PLAN', { summary: 'Change it.', plan, writeTests: false }),
        answer('Phase: REVIEW', { verdict: 'approve', summary: 'Good.', comments: [] }),
        ...write('Balances drift', rounded),
        ...write('Read entries', naive),
      ],
    },
  });
  const prompts = makeFolder('prompts');
  writeFileSync(path.join(prompts, 'code.md'), 'You are a careful colleague. The task is {{title}}.');
  const said: string[] = [];
  try {
    const results = await runTrial({
      repositories: trialRepositories.filter(({ name }) => name === 'ledger'),
      agent: 'claude',
      prompts,
      env: { ANTHROPIC_API_KEY: 'a-key', ANTHROPIC_BASE_URL: model.url },
      say: (line) => said.push(line),
    });
    expect(results.map(({ status, accepted }) => [status, accepted])).toEqual([
      ['in_review', true],
      ['in_review', false],
    ]);
    for (const { ownPrompts } of results) expect(ownPrompts).toEqual(['CODE']);
    expect(sumUp(results)).toMatchObject({ tasks: 2, done: 1, wronglyDone: 1, givenUp: 0 });
    expect(said).toContainEqual(
      expect.stringContaining('Read entries from CSV: in_review, not accepted; CODE 1, REVIEW 1'),
    );
  } finally {
    await model.close();
  }
});
