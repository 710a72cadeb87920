/** A limit ends a session half done, and a later one goes on with its conversation, as after `workflows/session.ts` has parked the task. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Driver } from '#src/agents/agent.ts';
import type { ScriptedModel } from '#src/agents/scripted-model.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import { createSessions } from '../agents/driver-contract.ts';
import type { ToolUse } from './scripts.ts';

type Model = Pick<ScriptedModel, 'setScript' | 'requests' | 'close'>;

export type GoesOn = {
  name: string;
  write: ToolUse;
  patienceMs: number;
  /** It does not always keep one that was cut off: then the session says so, to begin afresh. */
  mayForget?: boolean;
  open(sandbox: Sandbox): Promise<{ create: () => Driver & { close(): Promise<void> }; model: Model }>;
};

export function testGoingOn({ name, write, patienceMs, mayForget = false, open }: GoesOn): void {
  test(`${name} goes on with a conversation that a limit ended, and tells nothing of it twice`, async () => {
    const here = await createSessions(true, patienceMs);
    const { create, model } = await open(here.sandbox);
    const driver = create();
    try {
      const refusal = { error: { status: 429, times: 100, retryAfter: 7200 } };
      model.setScript({ turns: [{ text: 'I write the file.', tool_use: [write] }, refusal] });
      const first = await here.session(driver, { sessionId: randomUUID() });
      expect(first.end.outcome).toBe('rate_limited');
      const started = first.events.find(({ kind }) => kind === 'started');
      const agentSessionId = started?.kind === 'started' ? started.agentSessionId : '';
      expect(await driver.remembers?.({ agentSessionId, homePath: here.room.homePath })).toBe(true);
      const free = create(); // to which nobody has told the limit
      model.setScript({ turns: [{ match: 'Go on', text: 'I go on.' }, { text: 'I know of nothing.' }] });
      const { end, events } = await here.session(free, { resumes: agentSessionId, prompt: 'Go on.' });
      await free.close();
      if (mayForget && end.isForgotten) return expect([end.outcome, events]).toEqual(['failed', []]);
      expect(end).toMatchObject({ outcome: 'done', text: 'I go on.' });
      expect(events.filter(({ kind }) => kind === 'tool_call')).toEqual([]);
      expect(events.filter(({ kind }) => kind === 'message')).toEqual([{ kind: 'message', text: 'I go on.' }]);
      const asked = model.requests();
      expect(asked.some(({ last }) => /hello|Wrote file/.test(last))).toBe(true); // what the tool had answered
      expect(end.usage).toMatchObject({ inputTokens: 100 * asked.length }); // what was asked since, alone
    } finally {
      await driver.close();
      await model.close();
      await here.close();
    }
  }, 240_000);
}
