/** OpenAI's Responses API. */
import type { ModelScript } from '#src/agents/scripted-model.ts';
import { type Asked, type Message, type Protocol, startTranslatedModel } from './translated-model.ts';

type Item = { type?: string; role?: string; content?: unknown; output?: unknown };
type Body = { model: string; input: Item[]; tools?: unknown[]; prompt_cache_key?: string };

const responses: Protocol<Body> = {
  read: (path, { model, input, tools = [], prompt_cache_key: conversation = '' }) =>
    path.endsWith('/responses') ? { model, messages: input.map(toMessage), tools, conversation } : undefined,
  isStream: () => true,
  write: eventsOf,
};

/** Its address ends as OpenAI's does. */
export async function startResponsesModel(script: ModelScript) {
  const model = await startTranslatedModel(script, responses);
  return { ...model, url: `${model.url}/v1` };
}

const assistants = ['function_call', 'reasoning'];

function toMessage({ type = '', role, content, output }: Item) {
  const isOwn = role === 'assistant' || assistants.includes(type);
  const words = content ?? output ?? '';
  return { role: isOwn ? 'assistant' : role === 'developer' ? 'system' : 'user', content: words };
}

function eventsOf({ id, content, usage }: Message, { model }: Asked): { type: string }[] {
  const items = content.map((block) =>
    block.type === 'text'
      ? { type: 'message', id: `msg_${id}`, role: 'assistant', content: [{ type: 'output_text', text: block.text }] }
      : {
          type: 'function_call',
          id: block.id,
          call_id: block.id,
          name: block.name,
          arguments: JSON.stringify(block.input),
        },
  );
  const { input_tokens, output_tokens } = usage;
  const counted = { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens };
  const whole = { id, object: 'response', model, status: 'completed', output: items, usage: counted };
  return [
    { type: 'response.created', response: { ...whole, status: 'in_progress', output: [], usage: null } },
    ...items.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
    { type: 'response.completed', response: whole },
  ] as { type: string }[];
}
