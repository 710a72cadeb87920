/**
 * The contract of a driver: our module for one kind of agent (an external coding program). A driver starts one session,
 * reports what happens as events, and answers how the session ended. It never commits, never asks a person, knows nothing
 * of the engine or the database. The one idea: an agent's claims are data; evidence is gathered elsewhere.
 */
import type { AgentCapabilities } from '#src/domain/agent-definition.ts';
import type { HookReport } from '#src/domain/hook.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import type { Tokens } from '#src/domain/price.ts';
import type { ModelTotal } from '#src/domain/spending.ts';
import type { Room } from '#src/sandbox/sandbox.ts';

export type AgentPhase = PhaseName | 'CONFLICT' | 'ANALYZE';

/** What a session is asked to do, and what it may see. */
export type SessionRequest = {
  /** UUID, stored before the session starts. */
  sessionId: string;
  taskId: string;
  adwId: string;
  phase: AgentPhase;
  /** From 1, within the phase of this run. */
  attempt: number;
  systemPrompt: string;
  prompt: string;
  /** JSON Schema of the structured answer that is asked for; drivers that cannot do it read `$SENTRA_RESULT` or text. */
  answerSchema?: Record<string, unknown>;
  /** The room of the session; a driver adds network and model. `confined` false means isolation none. */
  room: Omit<Room, 'network' | 'modelSocket'>;
  confined: boolean;
  /** Whether it loads settings, hooks, MCP servers and instructions of the worktree: a person trusts exactly these. */
  projectSettings?: boolean;
  /** Variables for the agent besides the driver's own: ports and the like. Never a secret. */
  env: Readonly<Record<string, string>>;
  /** Milliseconds of wall time, and without any sign of life. */
  timeoutMs: number;
  idleMs: number;
  /** What the task asks for, over the driver's definition; only for a driver whose `capabilities` have it. */
  model?: string;
  effort?: string;
  /** The agent's own id of a conversation that ended with its work half done: this session goes on with it. Only for one that the driver `remembers`. */
  resumes?: string;
  /** What it may spend, in US dollars, for agents that can keep to a limit themselves. */
  budgetUsd?: number;
  /** What people say while it runs; only for a driver whose `capabilities.messages` is `next_turn`. */
  inbox?: Inbox;
  /** What stands at the points of the agent's life; only for a driver whose `capabilities.hookSocket`. */
  hooks?: SessionHooks;
};

/** A driver whose `capabilities.hooks` asks `refusal` before each tool and tells every point; nobody waits for what is told. */
export type SessionHooks = {
  /** Why the tool may not be used so, for the agent; undefined when it may. One that throws refuses. */
  refusal(use: { tool: string; input: unknown }): string | undefined;
  report(report: HookReport): void;
  /** By these variables hooks of the repository find the socket of the session. */
  env: Readonly<Record<string, string>>;
};

/**
 * What people write to a session that runs. A driver takes what waits when `watch` calls and whenever a turn ends; the
 * session goes on with it, and ends when a turn has ended and nothing waits. It tells `heard` once the agent has a
 * message; what nobody heard is the caller's to say again, in the next session's prompt.
 */
export type Inbox = {
  /** What waits, oldest first; each message is given once in a session. */
  take(): Promise<readonly InboxMessage[]>;
  /** Calls whenever there may be something to take; answers the function that stops it. */
  watch(onWritten: () => void): () => void;
};

/** `interrupt` ends the turn that is under way; else the message waits for the agent's next one. */
export type InboxMessage = { id: string; text: string; interrupt: boolean };

export type Usage = Tokens;

/** What happens in a session, in order. Its end is what `run` answers. */
export type AgentEvent =
  | { kind: 'started'; agentSessionId: string; model: string | null }
  | { kind: 'message'; text: string }
  | { kind: 'thinking'; text: string }
  | { kind: 'tool_call'; id: string; tool: string; summary: string; input: unknown }
  | { kind: 'tool_result'; id: string; tool: string; output: string; isError: boolean; durationMs: number }
  /** Bytes as the program wrote them: its lines, and the transcript. Nobody has to wait for the answer before the next ones. */
  | { kind: 'output'; bytes: Buffer; stream: 'stdout' | 'stderr' }
  /** The driver's own record of what the agent said, for the transcript alone. */
  | { kind: 'record'; text: string }
  /** The agent changed a file; `path` as in `git status`, absolute where it lies outside of the worktree. */
  | { kind: 'file_change'; path: string; change: 'written' | 'deleted' | 'moved' }
  /** It asked for more than it may have. Nobody was asked: the policy of the session said no. */
  | { kind: 'permission_denied'; tool: string; reason: string }
  | { kind: 'retry'; message: string }
  /** The model lets nobody in for a while; `until` is ISO 8601. */
  | { kind: 'rate_limit'; until: string; message: string }
  /** The agent has a message of the inbox. */
  | { kind: 'heard'; messageId: string }
  /** What the agent's conversation has come to so far, by model; `isWhole` when that is its own last word. */
  | { kind: 'usage'; totals: ModelTotal[]; isWhole: boolean };

/** What an agent may answer, in `$SENTRA_RESULT` or as structured output. Unchecked until parsed by `AgentAnswer`. */
export type SessionEnd = {
  outcome:
    | 'done'
    | 'failed'
    | 'auth'
    | 'timeout'
    | 'idle'
    | 'cancelled'
    | 'killed'
    | 'not_found'
    | 'rate_limited'
    | 'overloaded'
    | 'budget'
    /** Its definition asks for what the agent cannot do: trying again does not help. */
    | 'unable';
  /** With `rate_limited`: when the credential may be used again, ISO 8601. */
  until?: string;
  /** Nothing was begun, because the conversation that it was to go on with is gone. */
  isForgotten?: true;
  /** For people: why it did not end well, with the way out. Empty when done. */
  message: string;
  /** The agent's last words. */
  text: string;
  answer: unknown;
  usage: Usage | null;
  /** US dollars of this session; null when unknown. */
  costUsd: number | null;
};

/** `loggedIn` is null where it needs none, or where only the agent itself could say. */
export type Installation = { installed: boolean; loggedIn: boolean | null; version: string | null };

export type Driver = {
  /** What one cannot do is refused before a session, never ignored. */
  capabilities: AgentCapabilities;
  /** Sessions with the same one share what a model lets through. */
  credential: string;
  /** Undefined when the agent can be started here, else why not and what to do, for people. */
  unavailable(): Promise<string | undefined>;
  /** What is known of it without starting it. */
  installation(): Promise<Installation>;
  run(request: SessionRequest, onEvent: (event: AgentEvent) => Promise<void>, signal: AbortSignal): Promise<SessionEnd>;
  /** Whether a later session in that home may go on with this conversation; only a driver whose `capabilities.resume`. */
  remembers?(conversation: { agentSessionId: string; homePath: string }): Promise<boolean>;
  /** What a session that was cut off by a crash had told of its costs, where that can be found afterwards. */
  leftBehind?(session: { sessionId: string; homePath: string }): Promise<ModelTotal[]>;
};
