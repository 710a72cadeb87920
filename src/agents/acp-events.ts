/** Turns what an ACP agent reports (`session/update`) into events of ours. Words come in pieces; they are told whole. */
import type { SessionUpdate, ToolCallUpdate } from '@agentclientprotocol/sdk';
import type { AgentEvent } from '#src/agents/agent.ts';
import { insidePath } from '#src/agents/session.ts';

export type AcpTranslator = {
  /** The events of one update; it remembers words that go on, and tool calls, to tell their results. */
  eventsOf(update: SessionUpdate): AgentEvent[];
  /** What has been said and not been told: a turn has ended. */
  rest(): AgentEvent[];
};

export function createAcpTranslator(worktreePath: string): AcpTranslator {
  const words = collectWords();
  const calls = new Map<string, Call>();
  return {
    eventsOf(update) {
      switch (update.sessionUpdate) {
        case 'agent_message_chunk':
        case 'agent_thought_chunk':
          return words.add(update);
        case 'tool_call':
        case 'tool_call_update':
          return [...words.end(), record(update), ...ofCall(update, calls, worktreePath)];
        case 'plan':
          return [...words.end(), record(update), { kind: 'thinking', text: planText(update.entries) }];
        default:
          return [record(update)];
      }
    },
    rest: words.end,
  };
}

const record = (update: SessionUpdate): AgentEvent => ({ kind: 'record', text: JSON.stringify(update) });

type Chunk = Extract<SessionUpdate, { sessionUpdate: 'agent_message_chunk' | 'agent_thought_chunk' }>;

/** A message ends where another begins, where a tool is called, or with the turn. */
function collectWords() {
  let open: { of: Chunk['sessionUpdate']; id: string | undefined; text: string } | undefined;
  const end = (): AgentEvent[] => {
    const text = open?.text.trim() ?? '';
    const kind = open?.of === 'agent_thought_chunk' ? ('thinking' as const) : ('message' as const);
    open = undefined;
    return text
      ? [
          { kind: 'record', text: JSON.stringify({ [kind]: text }) },
          { kind, text },
        ]
      : [];
  };
  const add = ({ sessionUpdate, content, messageId }: Chunk): AgentEvent[] => {
    const id = messageId ?? undefined;
    const goesOn = open?.of === sessionUpdate && open.id === id;
    const before = goesOn ? [] : end();
    open ??= { of: sessionUpdate, id, text: '' };
    open.text += content.type === 'text' ? content.text : `(${content.type})`;
    return before;
  };
  return { add, end };
}

type Call = {
  facts: ToolCallUpdate;
  startedAt: number;
  isTold: boolean;
};

/** A call is told when its input is known or its work begins, whichever is first, and once. */
function ofCall(update: ToolCallUpdate, calls: Map<string, Call>, worktreePath: string): AgentEvent[] {
  const { toolCallId: id } = update;
  const call = calls.get(id) ?? { facts: update, startedAt: performance.now(), isTold: false };
  calls.set(id, call);
  call.facts = { ...call.facts, ...withoutEmpty(update) };
  const { status, rawInput } = call.facts;
  const isOver = status === 'completed' || status === 'failed';
  const events: AgentEvent[] = [];
  if (!call.isTold && (isOver || status === 'in_progress' || hasFields(rawInput))) {
    call.isTold = true;
    events.push({ kind: 'tool_call', id, tool: toolOf(call.facts), summary: summaryOf(call.facts), input: rawInput });
  }
  if (isOver) {
    calls.delete(id);
    events.push(...ofResult(call, worktreePath));
  }
  return events;
}

function ofResult({ facts, startedAt }: Call, worktreePath: string): AgentEvent[] {
  const isError = facts.status === 'failed';
  const durationMs = Math.round(performance.now() - startedAt);
  return [
    { kind: 'tool_result', id: facts.toolCallId, tool: toolOf(facts), output: outputOf(facts), isError, durationMs },
    ...(isError ? [] : changesOf(facts, worktreePath)),
  ];
}

const changes = { edit: 'written', delete: 'deleted', move: 'moved' } as const;

function changesOf(facts: ToolCallUpdate, worktreePath: string): AgentEvent[] {
  const diffs = (facts.content ?? []).flatMap((part) => (part.type === 'diff' ? [part.path] : []));
  const isChange = facts.kind === 'edit' || facts.kind === 'delete' || facts.kind === 'move';
  const change = isChange ? changes[facts.kind as keyof typeof changes] : 'written';
  const paths = new Set([...diffs, ...(isChange ? pathsOf(facts) : [])]);
  return [...paths].map((path) => ({ kind: 'file_change', path: insidePath(path, worktreePath), change }));
}

export const pathsOf = ({ locations }: Pick<ToolCallUpdate, 'locations'>): string[] =>
  (locations ?? []).map(({ path }) => path);

export const toolOf = ({ name, kind, title }: Pick<ToolCallUpdate, 'name' | 'kind' | 'title'>): string =>
  name ?? kind ?? title ?? 'tool';

const summaryOf = (facts: ToolCallUpdate): string =>
  (facts.title?.trim().split('\n')[0] || toolOf(facts)).slice(0, 200);

/** Its text; else what the tool itself answered, as JSON. */
function outputOf({ content, rawOutput }: ToolCallUpdate): string {
  const texts = (content ?? []).flatMap((part) =>
    part.type === 'content' && part.content.type === 'text' ? [part.content.text] : [],
  );
  if (texts.length) return texts.join('\n');
  if (rawOutput === undefined || rawOutput === null) return '';
  return typeof rawOutput === 'string' ? rawOutput : JSON.stringify(rawOutput);
}

const planText = (entries: readonly { content: string; status: string }[]): string =>
  ['The agent plans:', ...entries.map(({ content, status }) => `- ${content} (${status.replaceAll('_', ' ')})`)].join(
    '\n',
  );

/** An update names only what changed; null means that nothing is known, as absence does. */
const withoutEmpty = (update: ToolCallUpdate): ToolCallUpdate =>
  Object.fromEntries(
    Object.entries(update).filter(([, value]) => value !== null && value !== undefined && !isEmptyList(value)),
  ) as ToolCallUpdate;

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

const hasFields = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;
