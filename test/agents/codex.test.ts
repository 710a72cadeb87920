/** What Codex is started with, seen by a program that stands where it would. The real one: test/real-agents. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { SessionRequest } from '#src/agents/agent.ts';
import { type CodexDefinition, createCodexDriver } from '#src/agents/codex.ts';
import { makeFolder } from '../helpers/repository.ts';
import { createSessions } from './driver-contract.ts';

const here = await createSessions(false);
afterAll(here.close);
const program = join(makeFolder('codex'), 'codex.mjs');
await writeFile(
  program,
  `#!${process.execPath}
import { readFileSync } from 'node:fs';
for (const line of [
  { type: 'thread.started', thread_id: 'thread-1' },
  { type: 'item.completed', item: { id: 'item-1', type: 'agent_message', text: [...process.argv.slice(2), readFileSync(0)].join(' ') } },
  { type: 'turn.completed', usage: { input_tokens: 10, cached_input_tokens: 0, output_tokens: 5 } },
])
  console.log(JSON.stringify(line));
`,
);
await chmod(program, 0o755);

const started = async (definition: CodexDefinition, asked: Partial<SessionRequest> = {}) => {
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

test('a conversation that it has kept goes on with what is said now alone; what cannot be its name is not looked for', async () => {
  const { end } = await started({}, { resumes: 'thread-7', prompt: 'Go on.' });
  expect(end.text).toMatch(/^exec resume thread-7 .* Go on\.\n$/);
  const { homePath } = here.room;
  const folder = join(homePath, '.codex/sessions/2026/11/22');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'rollout-2026-11-22T10-00-00-thread-7.jsonl'), '');
  const driverWith = (hostEnv: Record<string, string>) =>
    createCodexDriver({ sandbox: here.sandbox, definition: {}, hostEnv, program });
  const driver = driverWith({ OPENAI_API_KEY: 'the-real-key' });
  const isKnown = async (agentSessionId: string) => await driver.remembers?.({ agentSessionId, homePath });
  expect([await isKnown('thread-7'), await isKnown('thread-8'), await isKnown('*'), await isKnown('')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
  const own = driverWith({});
  expect(await own.remembers?.({ agentSessionId: 'thread-7', homePath })).toBe(false); // its costs are its own word
});
