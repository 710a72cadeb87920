import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { HookEvent } from '#src/domain/hook.ts';
import type { Message } from '#src/domain/message.ts';
import type { Prompt } from '#src/domain/prompt.ts';
import { cli } from '../helpers/cli.ts';
import { aProject, aTask } from '../helpers/contract-api.ts';
import { makeFolder } from '../helpers/repository.ts';

const { id } = aTask();
const at = '2026-01-01T00:00:00.000Z';
const message = (change: Partial<Message> = {}): Message => ({
  ...{ id: 1, taskId: id, text: 'Mind the tide', interrupt: false, state: 'waiting' as const },
  ...{ createdAt: at, deliveredAt: null, sessionId: null, phase: null },
  ...change,
});
const hookEvent = (change: Partial<HookEvent>): HookEvent => ({
  ...{ id: 1, taskId: id, adwId: 'adw-aaaa00000001', phase: 'CODE' as const, sessionId: 's', source: 'sdk' as const },
  ...{ event: 'PreToolUse' as const, hook: 'sentra', tool: 'Bash', callId: 'c', decision: 'allow' as const },
  ...{ reason: null, input: 'Bash: npm test', at },
  ...change,
});

test('task tell sends what is said, and shows what was heard', async () => {
  const sent: unknown[] = [];
  const sendMessage = ({ body }: { body: { text: string } }) => {
    sent.push(body);
    return message(body);
  };
  expect(await cli(['task', 'tell', id, 'Mind the tide'], { sendMessage })).toMatchObject({ code: 0 });
  expect(sent).toEqual([{ text: 'Mind the tide' }]);
  expect(await cli(['task', 'tell', id, ' '], { sendMessage })).toMatchObject({ code: 2, out: '' });
  const listMessages = () => ({
    items: [message({ state: 'delivered', phase: 'CODE' }), message({ text: 'And\u001b[2J hurry' })],
  });
  const { out } = await cli(['task', 'tell', id], { listMessages });
  expect(out).toMatch(/heard in CODE {2}Mind the tide\n.*waiting {2}And hurry/);
  expect((await cli(['task', 'tell', id], { listMessages: () => ({ items: [] }) })).out).toContain('sentra task tell');
});

test('task interrupt sends a message where one is given', async () => {
  const sent: unknown[] = [];
  const interruptTask = ({ body }: { body: object }) => {
    sent.push(body);
    return message({ interrupt: true });
  };
  await cli(['task', 'interrupt', id], { interruptTask });
  await cli(['task', 'interrupt', id, '--message', 'Not that file'], { interruptTask });
  expect(sent).toEqual([{}, { text: 'Not that file' }]);
});

test('task plan prints the plan alone, and puts a file in its place', async () => {
  const plan = { plan: '# Plan', versions: [], editable: true, reason: null };
  expect((await cli(['task', 'plan', id], { getPlan: () => plan })).out).toBe('# Plan\n');
  const folder = makeFolder('plan');
  writeFileSync(path.join(folder, 'plan.md'), '# Mine\n');
  const putPlan = ({ body }: { body: { plan: string } }) => ({
    ...plan,
    versions: [{ version: 2, text: body.plan, author: 'person' as const, createdAt: at }],
  });
  const kept = await cli(['task', 'plan', id, '--edit', 'plan.md', '--json'], { putPlan }, { cwd: folder });
  expect(kept.json()).toMatchObject({ versions: [{ text: '# Mine' }] });
  const missing = await cli(['task', 'plan', id, '--edit', 'none.md'], { putPlan }, { cwd: folder });
  expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('none.md') });
});

test('task hooks shows what was refused and why', async () => {
  const asked: unknown[] = [];
  const listHookEvents = ({ query }: { query: object }) => {
    asked.push(query);
    return { items: [hookEvent({ decision: 'deny', input: 'Bash: rm -rf /', reason: 'Too much.' })] };
  };
  const { out } = await cli(['task', 'hooks', id, '--decision', 'deny', '--limit', '5'], { listHookEvents });
  expect(out).toMatch(/PreToolUse +Bash +deny +sentra +Bash: rm -rf \/: Too much\./);
  expect(asked).toEqual([{ decision: 'deny', limit: 5 }]);
  const nothing = await cli(['task', 'hooks', id], { listHookEvents: () => ({ items: [] }) });
  expect(nothing.out).toContain('No hook told anything yet');
});

test('project prompt shows, sets and resets what agents are told', async () => {
  const prompt: Prompt = {
    ...{ role: 'CODE', text: 'Carry out {{title}}.', isDefault: false, version: 3, defaultText: 'Default.' },
    ...{ variables: [{ name: 'title', meaning: 'what the task is called' }], versions: [] },
  };
  const put: unknown[] = [];
  const handlers = {
    listProjects: () => ({ items: [aProject()] }),
    getPrompt: () => prompt,
    listPrompts: () => ({ items: [prompt] }),
    putPrompt: ({ params, body }: { params: { role: string }; body: { text: string | null } }) => {
      put.push([params.role, body.text]);
      return prompt;
    },
  };
  const run = (...argv: string[]) =>
    cli(['project', 'prompt', ...argv, '--project', 'shop'], handlers, { cwd: folder });
  const folder = makeFolder('prompt');
  writeFileSync(path.join(folder, 'code.md'), 'Do {{title}}.');
  expect((await run('show', 'code')).out).toBe('Carry out {{title}}.\n');
  expect((await run('show')).out).toMatch(/CODE +version 3/);
  expect(await run('set', 'code', 'code.md')).toMatchObject({ code: 0 });
  expect(await run('reset', 'code')).toMatchObject({ code: 0 });
  expect(put).toEqual([
    ['CODE', 'Do {{title}}.'],
    ['CODE', null],
  ]);
  expect(await run('show', 'nonsense')).not.toMatchObject({ code: 0 });
});

test('init says for each file what it did, and what to do next', async () => {
  const init = async ({ dryRun }: { dryRun: boolean }) => ({
    root: '/code/shop',
    dryRun,
    files: [
      { path: 'sentra.json', action: 'created' as const, note: 'tests run by `npm test`' },
      { path: '.claude/hooks/security.ts', action: 'kept' as const, note: 'it is different' },
    ],
  });
  const { out } = await cli(['init'], {}, { init });
  expect(out).toMatch(/created +sentra\.json +\(tests run by `npm test`\)/);
  expect(out).toMatch(/kept +\.claude\/hooks\/security\.ts/);
  expect(out).toContain('git add .claude sentra.json');
  expect((await cli(['init', '--dry-run'], {}, { init })).out).toContain('Nothing was written');
});
