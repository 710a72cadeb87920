/** What every driver must do, run against each of them: an agent is made to behave, its events and its end are looked at. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AgentEvent, Driver, Inbox, InboxMessage, SessionRequest } from '#src/agents/agent.ts';
import { readAnswer } from '#src/agents/answer.ts';
import { answerSchemaOf } from '#src/domain/answer.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createTestRoom, findAlive, killIn } from '../sandbox/room.ts';

/**
 * works: writes hello.txt, says words before and after, answers `{summary, verdict: "approve"}`. environment: writes its
 * environment as environment.json or as lines of environment.txt. silent: never a word. busy: starts a process with
 * `word` in its command line in a session of its own, then works on. noisy: goes on for ever, with signs of life. fails: ends badly.
 * hears: says `I hear: ` and what it was told last, each turn. goesOn: the same, but its first turn ends only by an interrupt.
 */
export type Behaviour = 'works' | 'environment' | 'silent' | 'busy' | 'noisy' | 'fails' | 'hears' | 'goesOn';

/** An inbox that a test writes to. */
export function createInbox(...messages: InboxMessage[]) {
  const waiting = [...messages];
  let ring = () => {};
  const inbox: Inbox = {
    take: async () => waiting.splice(0),
    watch: (onWritten) => {
      ring = onWritten;
      return () => {
        ring = () => {};
      };
    },
  };
  const write = (message: InboxMessage) => {
    waiting.push(message);
    ring();
  };
  return { inbox, write };
}

const isComplaint = (event: AgentEvent) => event.kind === 'output' && event.stream === 'stderr';

/** What it said or printed, in pieces. */
const wordsOf = (events: readonly AgentEvent[]): string[] =>
  events.flatMap((event) => {
    if (isComplaint(event)) return [];
    if (event.kind === 'output') return `${event.bytes}`.trimEnd().split('\n');
    return 'text' in event && event.kind !== 'record' ? [event.text] : [];
  });

export type Subject = {
  name: string;
  confined: boolean;
  patienceMs?: number;
  driver(behaviour: Behaviour, context: { sandbox: Sandbox; word: string }): Promise<Driver>;
  /** One that dies of its own fault (SIGABRT); a real program behind a protocol cannot be made to. */
  crashing?(context: { sandbox: Sandbox }): Promise<Driver>;
  close?(): Promise<void>;
};

/** `patienceMs`: how long an agent may take to begin. */
export async function createSessions(confined: boolean, patienceMs = 20_000) {
  const place = await createTestRoom();
  const sandbox = createSandbox({ stateDir: place.stateDir });
  const request = (more: Partial<SessionRequest> = {}): SessionRequest => ({
    sessionId: randomUUID(),
    taskId: 'task-0123456789ab',
    adwId: 'adw-0123456789ab',
    phase: 'CODE',
    attempt: 2,
    systemPrompt: 'You are a careful engineer.',
    prompt: 'Write the file hello.txt.',
    room: place.room,
    confined,
    env: { FRONTEND_PORT: '4500' },
    timeoutMs: patienceMs * 2,
    idleMs: patienceMs,
    ...more,
  });
  const session = async (driver: Driver, more: Partial<SessionRequest> = {}, signal = new AbortController().signal) => {
    const events: AgentEvent[] = [];
    const end = await driver.run(request(more), async (event) => void events.push(event), signal);
    return { end, events };
  };
  const close = async () => {
    await sandbox.close();
    await place.remove();
  };
  return { sandbox, room: place.room, request, session, close };
}

export function describeDriver(subject: Subject): void {
  describe(`${subject.name}, ${subject.confined ? 'confined' : 'not confined'}`, () => {
    let here: Awaited<ReturnType<typeof createSessions>>;
    const word = `word-${randomUUID()}`;
    const driverThat = (behaviour: Behaviour) => subject.driver(behaviour, { sandbox: here.sandbox, word });

    beforeAll(async () => {
      here = await createSessions(subject.confined, subject.patienceMs);
      process.env.CANARY_SECRET = 'canary-in-the-server';
    });
    afterAll(async () => {
      delete process.env.CANARY_SECRET;
      await subject.close?.();
      await here.close();
    });

    test('events come in order, the work is on disk, the answer and its cost are told', async () => {
      const { end, events } = await here.session(await driverThat('works'), {
        answerSchema: answerSchemaOf('REVIEW'),
      });
      expect(end).toMatchObject({ outcome: 'done', message: '' });
      expect(readAnswer(end).answer).toMatchObject({ summary: 'It says hello.', verdict: 'approve' });
      expect(await readFile(join(here.room.worktreePath, 'hello.txt'), 'utf8')).toBe('hello\n');
      const told = events.filter((event) => event.kind !== 'record' && !isComplaint(event));
      expect(told[0]?.kind).toBe('started');
      const words = wordsOf(events);
      expect(words[0]).toBe('I write the file.');
      expect(words.join('\n')).toContain('All is written.');
      expect(end.usage?.inputTokens).toBeGreaterThanOrEqual(200);
      expect(end.costUsd ?? 1).toBeGreaterThan(0); // unknown is null, never nought
    });

    test('the environment holds what was given and nothing of the server', async () => {
      const { end } = await here.session(await driverThat('environment'));
      expect(end.outcome).toBe('done');
      const files = ['environment.json', 'environment.txt'].map((name) => join(here.room.worktreePath, name));
      const text = await readFile(files.find((file) => existsSync(file)) ?? '', 'utf8');
      expect(text).toContain('4500');
      expect(text).not.toContain('canary-in-the-server');
      expect(text).not.toContain('the-real-key');
    });

    test('a cancel ends it and everything it started, at once', async () => {
      const cancel = new AbortController();
      const running = here.session(await driverThat('busy'), {}, cancel.signal);
      await vi.waitFor(async () => expect(await findAlive(word)).not.toEqual([]), {
        timeout: subject.patienceMs ?? 20_000,
        interval: 50,
      });
      cancel.abort();
      const { end } = await running;
      expect(end).toMatchObject({ outcome: 'cancelled', message: 'The session was cancelled.' });
      if (subject.confined) await vi.waitFor(async () => expect(await findAlive(word)).toEqual([]));
      for (const pid of await findAlive(word)) process.kill(pid, 'SIGKILL'); // without the wall a daemon may stay
    });

    test('a message reaches it at its next turn, or it says that it hears none', async () => {
      const driver = await driverThat('hears');
      const { inbox } = createInbox({ id: 'message-1', text: 'Be brief.', interrupt: false });
      const { end, events } = await here.session(driver, { inbox });
      const hears = driver.capabilities.messages === 'next_turn';
      expect(end.outcome).toBe('done');
      const heard = events.filter((event) => event.kind === 'heard');
      expect(heard).toEqual(hears ? [{ kind: 'heard', messageId: 'message-1' }] : []);
      if (hears) expect(wordsOf(events).join('\n')).toContain('I hear: Be brief.');
    });

    test('a message that interrupts ends the turn and not the session', async () => {
      const driver = await driverThat('goesOn');
      if (!driver.capabilities.interrupt) return;
      const { inbox, write } = createInbox();
      const events: AgentEvent[] = [];
      const listen = async (event: AgentEvent) => {
        events.push(event);
        if (events.filter(({ kind }) => kind === 'message').length === 1 && event.kind === 'message')
          write({ id: 'message-2', text: 'Stop that.', interrupt: true });
      };
      const end = await driver.run(here.request({ inbox }), listen, new AbortController().signal);
      expect(end).toMatchObject({ outcome: 'done', text: 'I hear: Stop that.' });
      expect(events).toContainEqual({ kind: 'heard', messageId: 'message-2' });
    });

    test('a cancel before the start starts nothing', async () => {
      const { end, events } = await here.session(await driverThat('works'), {}, AbortSignal.abort());
      expect([end.outcome, events]).toEqual(['cancelled', []]);
    });

    test('one that falls silent is ended, and the message says which limit', async () => {
      const { end } = await here.session(await driverThat('silent'), { idleMs: 1_500 });
      expect(end.outcome).toBe('idle');
      expect(end.message).toMatch(/no sign of life for 1.5 seconds.*idleTimeoutMinutes/);
    });

    test('one that takes too long is ended although it is lively', async () => {
      const { end } = await here.session(await driverThat('noisy'), { timeoutMs: 2_000 });
      expect(end.outcome).toBe('timeout');
      expect(end.message).toMatch(/longer than 2 seconds.*phaseTimeoutMinutes/);
    });

    test('one that ends badly has failed, with its reason', async () => {
      const { end } = await here.session(await driverThat('fails'));
      expect(end.outcome).toBe('failed');
      expect(end.message).toMatch(/disk is on fire/);
    });

    test('one that crashes again and again has failed each time, at once, and leaves nothing behind', async () => {
      const driver = await subject.crashing?.({ sandbox: here.sandbox });
      if (!driver) return;
      const others = await findAlive(here.room.worktreePath);
      for (let time = 0; time < 2; time++) {
        const { end } = await here.session(driver);
        expect(end).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/code 134|SIGABRT/) });
      }
      const left = async () => (await findAlive(here.room.worktreePath)).filter((pid) => !others.includes(pid));
      await vi.waitFor(async () => expect(await left()).toEqual([]));
    });

    test('one that is killed from outside is told apart from one that failed', async () => {
      const driver = await driverThat('silent');
      const started = Promise.withResolvers<void>();
      const listen = async ({ kind }: AgentEvent) => {
        if (kind === 'started') started.resolve(); // what is left of the last case's agent is not this one
      };
      const running = driver.run(here.request(), listen, new AbortController().signal);
      await Promise.race([started.promise, running]);
      await vi.waitFor(async () => expect(await killIn(here.room.worktreePath)).toBe(true), {
        timeout: subject.patienceMs ?? 20_000,
      });
      expect((await running).outcome).toBe('killed');
    });
  });
}
