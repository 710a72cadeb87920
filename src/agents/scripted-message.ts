/** Requests and answers of the Anthropic Messages API, as far as a scripted model needs them. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Turn } from '#src/agents/scripted-model.ts';

export const ModelRequest = z.looseObject({
  model: z.string(),
  system: z.unknown().optional(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
  tools: z.array(z.unknown()).optional(),
  stream: z.boolean().optional(),
});
export type ModelRequest = z.infer<typeof ModelRequest>;

/** The words of a content field: a string, or blocks of text and tool results. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((block) => block?.text ?? textOf(block?.content)).join('\n');
}

type Values = { last: string; cwd: string; n: number; groups: readonly string[] };

/** The same value with {{last}}, {{cwd}}, {{n}} (the number of the request) and {{1}} filled in, in every string of it. */
export function fill<T>(value: T, values: Values): T {
  if (typeof value === 'string') return fillText(value, values) as T;
  if (Array.isArray(value)) return value.map((inner) => fill(inner, values)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, values)])) as T;
}

const fillText = (text: string, { last, cwd, n, groups }: Values): string =>
  text.replace(/\{\{(last|cwd|n|\d+)\}\}/g, (_whole, name: string) => {
    if (name === 'last') return last;
    if (name === 'n') return String(n);
    return name === 'cwd' ? cwd : (groups[Number(name)] ?? '');
  });

type Block =
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown };

/** A turn as a whole message. */
export function messageOfTurn(turn: Turn, model: string) {
  const usage = {
    input_tokens: 100,
    output_tokens: 20,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
    ...turn.usage,
  };
  const content: Block[] = [
    ...(turn.thinking === undefined
      ? []
      : [{ type: 'thinking' as const, thinking: turn.thinking, signature: 'scripted' }]),
    ...(turn.text === undefined ? [] : [{ type: 'text' as const, text: turn.text }]),
    ...(turn.tool_use ?? []).map((use) => ({ type: 'tool_use' as const, id: newId('toolu'), ...use })),
  ];
  const stopReason = turn.tool_use?.length ? 'tool_use' : 'end_turn';
  const frame = { id: newId('msg'), type: 'message' as const, role: 'assistant' as const, model };
  return { ...frame, content, stop_reason: stopReason, stop_sequence: null, usage };
}

/** A message as the events of a stream. */
export function streamOf(message: ReturnType<typeof messageOfTurn>): { type: string }[] {
  const { content, stop_reason, stop_sequence, usage } = message;
  const opening = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  return [
    { type: 'message_start', message: opening },
    ...content.flatMap((block, index) => eventsOfBlock(block, index)),
    { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage },
    { type: 'message_stop' },
  ] as { type: string }[];
}

function eventsOfBlock(block: Block, index: number) {
  const { empty, deltas } = partsOf(block);
  return [
    { type: 'content_block_start', index, content_block: empty },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function partsOf(block: Block): { empty: Block; deltas: object[] } {
  switch (block.type) {
    case 'thinking':
      return {
        empty: { ...block, thinking: '', signature: '' },
        deltas: [
          { type: 'thinking_delta', thinking: block.thinking },
          { type: 'signature_delta', signature: block.signature },
        ],
      };
    case 'text':
      return { empty: { ...block, text: '' }, deltas: [{ type: 'text_delta', text: block.text }] };
    case 'tool_use':
      return {
        empty: { ...block, input: {} },
        deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }],
      };
  }
}

const newId = (kind: string): string => `${kind}_${randomBytes(9).toString('hex')}`;
