import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readAnswer } from '#src/agents/answer.ts';
import { createCommandDriver } from '#src/agents/command.ts';
import { readResult } from '#src/agents/result-file.ts';
import { createSessions, describeDriver } from './driver-contract.ts';

const script = join(import.meta.dirname, '../fixtures/agents/agent.mjs');

for (const confined of [true, false])
  describeDriver({
    name: 'a command',
    confined,
    driver: async (behaviour, { sandbox, word }) =>
      createCommandDriver({ sandbox, definition: { command: ['node', script, behaviour, word] } }),
    crashing: async ({ sandbox }) =>
      createCommandDriver({ sandbox, definition: { command: ['node', script, 'crashes'] } }),
  });

const here = await createSessions(true);
afterAll(here.close);
const commandOf = (...command: string[]) => createCommandDriver({ sandbox: here.sandbox, definition: { command } });

describe('an agent of kind command', () => {
  test('gets the prompts on standard input and the facts of its task in its environment', async () => {
    await here.session(commandOf('node', script, 'environment'));
    const { env, prompt } = JSON.parse(await readFile(join(here.room.worktreePath, 'environment.json'), 'utf8'));
    expect(prompt).toBe('You are a careful engineer.\n\nWrite the file hello.txt.\n');
    expect(env).toMatchObject({
      TASK_ID: 'task-0123456789ab',
      ADW_ID: 'adw-0123456789ab',
      PHASE: 'CODE',
      ATTEMPT: '2',
      WORKTREE_PATH: here.room.worktreePath,
      FRONTEND_PORT: '4500',
      HOME: here.room.homePath,
    });
    const names = Object.keys(env).filter((name) => !/proxy/i.test(name));
    const known = 'ADW_ID ATTEMPT FRONTEND_PORT HOME LANG PATH PHASE PWD SENTRA_RESULT TASK_ID TMPDIR WORKTREE_PATH';
    expect(names.sort().join(' ')).toBe(known);
  });

  test('a program of the worktree is found there', async () => {
    await mkdir(join(here.room.worktreePath, 'tools'));
    await writeFile(join(here.room.worktreePath, 'tools/agent.sh'), '#!/bin/sh\necho from the worktree\n', {
      mode: 0o755,
    });
    const { end, events } = await here.session(commandOf('./tools/agent.sh'));
    expect(end.outcome).toBe('done');
    expect(events).toContainEqual({ kind: 'output', bytes: Buffer.from('from the worktree\n'), stream: 'stdout' });
  });

  test('one that is not installed is not found, before and at the start, and the message says what to do', async () => {
    const driver = commandOf('no-such-agent', 'run');
    expect(await driver.unavailable()).toMatch(/"no-such-agent" was not found. Install it/);
    const { end, events } = await here.session(driver);
    expect([end.outcome, events]).toEqual(['not_found', []]);
    expect(end.message).toMatch(/agents.<name>.command/);
  });

  test('one that prints nothing and exits 0 is done, with the empty answer', async () => {
    const { end } = await here.session(commandOf('node', script, 'quiet'));
    expect(end).toMatchObject({ outcome: 'done', text: '', usage: null, costUsd: null });
    expect(readAnswer(end)).toEqual({ answer: { comments: [] } });
  });

  test('an answer that is no JSON is a problem told in words', async () => {
    const { end } = await here.session(commandOf('node', script, 'bad-answer'));
    expect(end.outcome).toBe('done');
    expect(readAnswer(end).problem).toBe('The answer is not JSON: not JSON');
  });

  test('what one session answered is not read as the answer of the next', async () => {
    await here.session(commandOf('node', script, 'works'));
    expect((await here.session(commandOf('node', script, 'quiet'))).end.answer).toBeUndefined();
  });
});

describe('the file of the result', () => {
  test('is not followed when it is a link, and not read when it is no file or too long', async () => {
    const at = (name: string) => join(here.room.worktreePath, name);
    await writeFile(at('secret'), '{"summary":"stolen"}');
    await symlink(at('secret'), at('link'));
    await mkdir(at('folder'));
    await writeFile(at('long'), 'x'.repeat(1024 * 1024 + 1));
    expect(await readResult(at('secret'))).toEqual({ summary: 'stolen' });
    for (const name of ['link', 'folder', 'long', 'absent']) expect(await readResult(at(name))).toBeUndefined();
  });
});
