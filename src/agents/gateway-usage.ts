/**
 * Counts the tokens that a model's answers tell of while they pass through the gateway: exact also for a session that is cut off,
 * and nothing that an agent could claim otherwise. Anthropic's Messages API, OpenAI's Responses and
 * Chat Completions, Gemini's generateContent, streamed or not.
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Tokens } from '#src/domain/price.ts';
import { type ModelTotal, noTokens } from '#src/domain/spending.ts';

const count = z.number().int().nonnegative().nullish();
/** Of any of the protocols: OpenAI's input and Gemini's prompt hold what came from the cache. */
const Usage = z.looseObject({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  input_tokens_details: z.looseObject({ cached_tokens: count }).nullish(),
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.looseObject({ cached_tokens: count }).nullish(),
  promptTokenCount: count,
  candidatesTokenCount: count,
  thoughtsTokenCount: count,
  cachedContentTokenCount: count,
});
const Told = z.looseObject({
  model: z.string().nullish(),
  usage: Usage.nullish(),
  modelVersion: z.string().nullish(),
  usageMetadata: Usage.nullish(),
});
/** A whole answer, the event that opens one, or the one that tells how it ended. */
const Message = Told.extend({ message: Told.nullish(), response: Told.nullish() });

const longestLine = 1024 * 1024;

export type UsageMeter = {
  /** Listens to an answer; `onDone` once it has ended, also where it was cut. */
  watch(reply: IncomingMessage): void;
  totals(): ModelTotal[];
};

/** `onChange` after each answer that told of tokens. */
export function createUsageMeter(onChange: (totals: ModelTotal[]) => void): UsageMeter {
  const byModel = new Map<string, Tokens>();
  const totals = () => [...byModel].map(([model, tokens]) => ({ model: model || null, ...tokens, costMicros: null }));
  return {
    totals,
    watch(reply) {
      const answer = readAnswer(reply);
      reply.once('close', () => {
        const { model, tokens } = answer();
        if (!tokens) return;
        byModel.set(model, addTokens(byModel.get(model) ?? noTokens, tokens));
        onChange(totals());
      });
    },
  };
}

/** Answers what was told so far of one message: each number is the latest, which is the greatest. */
function readAnswer(reply: IncomingMessage): () => { model: string; tokens: Tokens | undefined } {
  const isStream = String(reply.headers['content-type']).startsWith('text/event-stream');
  const decoder = new TextDecoder();
  let rest = '';
  let model = '';
  let tokens: Tokens | undefined;
  const take = (text: string) => {
    const told = /"usage(Metadata)?"/.test(text) ? parse(text) : undefined;
    if (!told) return;
    const inner = told.message ?? told.response ?? told;
    model = inner.model ?? inner.modelVersion ?? model;
    const usage = inner.usage ?? inner.usageMetadata;
    if (usage) tokens = maxTokens(tokens ?? noTokens, usage);
  };
  reply.on('data', (chunk: Buffer) => {
    rest += decoder.decode(chunk, { stream: true });
    if (!isStream) {
      if (rest.length > longestLine) rest = rest.slice(-longestLine); // what tells of usage stands at its end
      return;
    }
    const lines = rest.split('\n');
    rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) if (line.startsWith('data:')) take(line.slice('data:'.length));
  });
  return () => {
    if (!isStream) take(rest);
    return { model, tokens };
  };
}

function parse(text: string): z.infer<typeof Message> | undefined {
  try {
    return Message.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // cut off in the middle
  }
}

function maxTokens(before: Tokens, usage: z.infer<typeof Usage>): Tokens {
  const details = usage.input_tokens_details ?? usage.prompt_tokens_details;
  const held = details?.cached_tokens ?? usage.cachedContentTokenCount ?? 0;
  const input = usage.input_tokens ?? usage.prompt_tokens ?? usage.promptTokenCount ?? 0;
  const thought = usage.thoughtsTokenCount ?? 0;
  const output = usage.output_tokens ?? usage.completion_tokens ?? (usage.candidatesTokenCount ?? 0) + thought;
  return {
    inputTokens: Math.max(before.inputTokens, input - held),
    outputTokens: Math.max(before.outputTokens, output),
    cacheReadTokens: Math.max(before.cacheReadTokens, usage.cache_read_input_tokens ?? held),
    cacheWriteTokens: Math.max(before.cacheWriteTokens, usage.cache_creation_input_tokens ?? 0),
  };
}

const addTokens = (a: Tokens, b: Tokens): Tokens => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
});
