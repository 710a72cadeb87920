/** OpenAI's Chat Completions, which many others speak too. */
import type { ModelScript } from '#src/agents/scripted-model.ts';
import { type Asked, type Message, type Protocol, startTranslatedModel } from './translated-model.ts';

type Said = { role: string; content?: unknown };
type Body = { model: string; messages: Said[]; tools?: unknown[]; stream?: boolean };

const chat: Protocol<Body> = {
  read: (path, { model, messages, tools = [] }) =>
    path.endsWith('/chat/completions')
      ? { model, messages: messages.map(toMessage), tools, conversation: 'chat' }
      : undefined,
  isStream: (_, { stream }) => stream === true,
  write: chunksOf,
  last: 'data: [DONE]\n\n',
};

/** Its address ends as OpenAI's does. */
export async function startChatModel(script: ModelScript) {
  const model = await startTranslatedModel(script, chat);
  return { ...model, url: `${model.url}/v1` };
}

/** What a tool answers is the user's in Anthropic's words. */
const toMessage = ({ role, content }: Said) => ({ role: role === 'tool' ? 'user' : role, content: content ?? '' });

function chunksOf({ id, content, usage }: Message, { model }: Asked): object[] {
  const text = content.map((block) => block.text ?? '').join('');
  const calls = content
    .filter(({ type }) => type === 'tool_use')
    .map((block, index) => ({
      index,
      id: block.id,
      type: 'function',
      function: { name: block.name, arguments: JSON.stringify(block.input) },
    }));
  const said = { role: 'assistant', content: text, ...(calls.length ? { tool_calls: calls } : {}) };
  const about = { id, object: 'chat.completion.chunk', created: 1, model };
  const counted = { prompt_tokens: usage.input_tokens, completion_tokens: usage.output_tokens };
  return [
    { ...about, choices: [{ index: 0, delta: said, message: said, finish_reason: null }] },
    {
      ...about,
      choices: [{ index: 0, delta: {}, message: said, finish_reason: calls.length ? 'tool_calls' : 'stop' }],
    },
    { ...about, choices: [], usage: { ...counted, total_tokens: usage.input_tokens + usage.output_tokens } },
  ];
}
