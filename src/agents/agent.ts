/**
 * The contract of a driver: our module for one kind of agent (an external coding program). A driver starts one session,
 * reports what happens as events, and answers how the session ended. It never commits, never asks a person, knows nothing
 * of the engine or the database. The one idea: an agent's claims are data; evidence is gathered elsewhere.
 */
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
  /** Variables for the agent besides the driver's own: ports and the like. Never a secret. */
  env: Readonly<Record<string, string>>;
  /** Milliseconds of wall time, and without any sign of life. */
  timeoutMs: number;
  idleMs: number;
  /** What it may spend, in US dollars, for agents that can keep to a limit themselves. */
  budgetUsd?: number;
};

export type Usage = Tokens;

/** What happens in a session, in order. */
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
  | { kind: 'retry'; message: string }
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
    | 'budget';
  /** With `rate_limited`: when the credential may be used again, ISO 8601. */
  until?: string;
  /** For people: why it did not end well, with the way out. Empty when done. */
  message: string;
  /** The agent's last words. */
  text: string;
  answer: unknown;
  usage: Usage | null;
  /** US dollars of this session; null when unknown. */
  costUsd: number | null;
};

export type Driver = {
  /** Sessions with the same one share what a model lets through. */
  credential: string;
  /** Every answer of its model is counted by us: a session that told of none has cost nothing. Else it is known only if it says so. */
  isCounted: boolean;
  /** Undefined when the agent can be started here, else why not and what to do, for people. */
  unavailable(): Promise<string | undefined>;
  run(request: SessionRequest, onEvent: (event: AgentEvent) => Promise<void>, signal: AbortSignal): Promise<SessionEnd>;
  /** What a session that was cut off by a crash had told of its costs, where that can be found afterwards. */
  leftBehind?(session: { sessionId: string; homePath: string }): Promise<ModelTotal[]>;
};
