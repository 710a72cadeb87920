/** Gemini's generateContent. */
import type { ModelScript } from '#src/agents/scripted-model.ts';
import { type Asked, type Message, type Protocol, startTranslatedModel } from './translated-model.ts';

type Part = { text?: string; functionCall?: unknown; functionResponse?: unknown };
type Body = { contents: { role?: string; parts: Part[] }[]; tools?: unknown[] };

const gemini: Protocol<Body> = {
  read(path, { contents, tools = [] }) {
    const [, model] = /\/models\/([^:]+):(stream)?[gG]enerateContent/.exec(path) ?? [];
    return model ? { model, messages: contents.map(toMessage), tools, conversation: 'gemini' } : undefined;
  },
  isStream: (path) => path.includes(':stream'),
  write: (message, asked) => [contentsOf(message, asked)],
};

export const startGeminiModel = (script: ModelScript) => startTranslatedModel(script, gemini);

const toMessage = ({ role, parts }: Body['contents'][number]) => ({
  role: role === 'model' ? 'assistant' : 'user',
  content: parts.map(({ text, functionResponse }) => text ?? JSON.stringify(functionResponse ?? '')).join('\n'),
});

function contentsOf({ id, content, usage }: Message, { model }: Asked): object {
  const parts = content.map((block) =>
    block.type === 'text'
      ? { text: block.text }
      : { functionCall: { id: block.id, name: block.name, args: block.input } },
  );
  const { input_tokens: promptTokenCount, output_tokens: candidatesTokenCount } = usage;
  return {
    responseId: id,
    modelVersion: model,
    candidates: [{ index: 0, content: { role: 'model', parts }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount, candidatesTokenCount, totalTokenCount: promptTokenCount + candidatesTokenCount },
  };
}
