/**
 * The hooks of one session: a policy that every tool passes, and a socket by which programs in the room tell and ask. What is
 * told is stored behind the agent's back, so that nobody waits for the database; all of it is there when the session is closed.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SessionHooks } from '#src/agents/agent.ts';
import type { AgentCapabilities } from '#src/domain/agent-definition.ts';
import type { HookReport, HookSource } from '#src/domain/hook.ts';
import { startHookServer } from '#src/hooks/hook-server.ts';
import { refusalOf } from '#src/hooks/starter/policy.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { type Room, socketInside } from '#src/sandbox/sandbox.ts';
import { makeSocketFolder } from '#src/sandbox/sockets.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { type HookSession, insertHookEvents, type NewHookEvent, trimHookEvents } from '#src/store/hook-events.ts';
import { storableText } from '#src/store/text.ts';
import { createDesk } from '#src/workflows/hook-desk.ts';
import type { Run } from '#src/workflows/run.ts';

export type OpenHooks = {
  hooks: SessionHooks;
  /** For the room. */
  sockets: NonNullable<Room['sockets']>;
  close(): Promise<void>;
};

export type HooksRequest = {
  session: HookSession & { attempt: number };
  homePath: string;
  log: Logger;
  /** Why the agent is to stop, for the agent; undefined while it may go on. */
  stopReason: () => string | undefined;
};

const portInside = 4402;
/** What a task keeps, and what one session may add to it: an agent that tells more is not listened to. */
const keptOfTask = 20_000;
const mostOfSession = 5_000;

export async function openHooks(
  run: Run,
  request: HooksRequest,
  { hooks: callsBack }: Pick<AgentCapabilities, 'hooks'>,
): Promise<OpenHooks> {
  const { db } = run.parts.database;
  await whenAvailable(() => trimHookEvents(db, request.session.taskId, keptOfTask));
  const keeper = keepReports(run, request, callsBack);
  const report = (source: HookSource) => (told: HookReport) => keeper.keep({ ...told, source });
  report('sdk')({ event: 'SessionStart', hook: 'sentra', decision: 'none' });
  const folder = await makeSocketFolder();
  const socketPath = path.join(folder, 'hooks.sock');
  const token = `sentra_hook_${randomBytes(32).toString('hex')}`; // known by its looks wherever it is printed
  const desk = createDesk(run, request, report('file'));
  const server = await startHookServer({ socketPath, token, desk });
  const { worktree, facts } = run;
  const ground = { root: worktree.path, writable: ['/tmp', tmpdir(), request.homePath] };
  return {
    hooks: {
      refusal: (use) => refusalOf(use, ground),
      report: report('sdk'),
      env: {
        SENTRA_HOOK_SOCKET: facts.confined ? socketInside(portInside) : socketPath,
        SENTRA_HOOK_TOKEN: token,
      },
    },
    sockets: [{ port: portInside, socket: socketPath }],
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
      report('sdk')({ event: 'SessionEnd', hook: 'sentra', decision: 'none' });
      await keeper.settled();
    },
  };
}

/** One write at a time; what is told meanwhile is the next one. */
function keepReports(run: Run, { session, log }: HooksRequest, callsBack: boolean) {
  const { database, redactor } = run.parts;
  const { taskId, adwId, phase, sessionId } = session;
  const clean = (text: string | null | undefined) => (text ? storableText(redactor(text)) : null);
  let waiting: NewHookEvent[] = [];
  let writing: Promise<void> | undefined;
  let count = 0;
  const write = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await whenAvailable(() => insertHookEvents(database.db, { taskId, adwId, phase, sessionId }, batch));
    }
    writing = undefined;
  };
  return {
    keep(told: NewHookEvent): boolean {
      if (isToldAlready(told, callsBack)) return false;
      count += 1;
      if (count === mostOfSession)
        void log.warn(
          `The hooks of this session have told ${mostOfSession} events: only refusals are kept from here on.`,
          {
            kind: 'agent',
          },
        );
      if (count >= mostOfSession && !isRefusal(told)) return false;
      const { tool, reason, input } = told;
      const event = { ...told, tool: clean(tool), reason: clean(reason), input: clean(input) };
      tellPeople(event, log);
      waiting.push(event);
      writing ??= write();
      return true;
    },
    settled: async () => await writing,
  };
}

const isRefusal = ({ decision }: HookReport): boolean => decision === 'deny' || decision === 'stop';

/**
 * Calls of tools find each other by their ids; the other points are told by our callbacks alone. Of an agent that does not call back
 * only what its hooks tell is known, but for the ends of its session.
 */
function isToldAlready(told: NewHookEvent, callsBack: boolean): boolean {
  if (told.source !== 'file' || told.callId || isRefusal(told)) return false;
  const isOurs = told.event === 'SessionStart' || told.event === 'SessionEnd';
  return callsBack ? told.event !== 'Notification' : isOurs;
}

/** What our callbacks refuse is a line already, as an event of the driver. */
function tellPeople({ source, decision, hook, tool, reason }: NewHookEvent, log: Logger): void {
  if (decision === 'failed')
    void log.warn(reason ?? `The hook ${hook} failed.`, { kind: 'agent', error: 'hook_failed' });
  else if (source === 'file' && decision === 'deny')
    void log.warn(`The hook ${hook} refused ${tool ?? 'a step'}: ${reason ?? 'it gave no reason'}`, { kind: 'agent' });
}
