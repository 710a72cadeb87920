/** What Codex is started with, seen by a program that stands where it would. The real one: test/real-agents. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type CodexDefinition, createCodexDriver } from '#src/agents/codex.ts';
import { makeFolder } from '../helpers/repository.ts';
import { createSessions } from './driver-contract.ts';

const here = await createSessions(false);
afterAll(here.close);
const program = join(makeFolder('codex'), 'codex');
await writeFile(
  program,
  `#!${process.execPath}
for (const line of [
  { type: 'thread.started', thread_id: 'thread-1' },
  { type: 'item.completed', item: { id: 'item-1', type: 'agent_message', text: process.argv.slice(2).join(' ') } },
  { type: 'turn.completed', usage: { input_tokens: 10, cached_input_tokens: 0, output_tokens: 5 } },
])
  console.log(JSON.stringify(line));
`,
);
await chmod(program, 0o755);

const started = async (definition: CodexDefinition, asked: { model?: string; effort?: string } = {}) => {
  const hostEnv = { OPENAI_API_KEY: 'the-real-key', OPENAI_BASE_URL: 'http://127.0.0.1:1' };
  const driver = createCodexDriver({ sandbox: here.sandbox, definition, hostEnv, program });
  try {
    return await here.session(driver, asked);
  } finally {
    await driver.close();
  }
};

test('it works with the model and effort of its definition, or with what the task asks for', async () => {
  const defined = { model: 'gpt-5', effort: 'low' };
  const plain = await started(defined);
  expect(plain.end).toMatchObject({ outcome: 'done', message: '' });
  expect(plain.end.text).toMatch(/--model gpt-5 .*model_reasoning_effort="low"/);
  const { end, events } = await started(defined, { model: 'gpt-6', effort: 'high' });
  expect(end.text).toMatch(/--model gpt-6 .*model_reasoning_effort="high"/);
  expect(events.find(({ kind }) => kind === 'started')).toMatchObject({ model: 'gpt-6' });
  expect(end.text).not.toContain('the-real-key');
});
