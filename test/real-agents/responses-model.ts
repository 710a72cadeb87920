/** The scripted model for agents that speak OpenAI's Responses API: each request is asked of it as a message, and its answer told as a stream. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ModelScript, startScriptedModel } from '#src/agents/scripted-model.ts';

type Block = { type: string; text?: string; id?: string; name?: string; input?: unknown };
type Message = { id: string; content: Block[]; usage: { input_tokens: number; output_tokens: number } };
type Item = { type?: string; role?: string; content?: unknown; output?: unknown };

export async function startResponsesModel(script: ModelScript) {
  const model = await startScriptedModel({ script });
  const seenKeys = new Set<string>();
  const server = createServer((incoming, response) => {
    seenKeys.add(String(incoming.headers.authorization));
    answer(incoming, response, model.url).catch((e) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(e));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    seenKeys,
    setScript: model.setScript,
    requests: model.requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await model.close();
    },
  };
}

async function answer(incoming: IncomingMessage, response: ServerResponse, modelUrl: string): Promise<void> {
  let text = '';
  for await (const chunk of incoming) text += chunk;
  if (!incoming.url?.endsWith('/responses')) return void response.writeHead(404).end('{}');
  const asked = JSON.parse(text) as { model: string; input: Item[]; tools?: unknown[]; prompt_cache_key?: string };
  const reply = await fetch(`${modelUrl}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-claude-code-session-id': asked.prompt_cache_key ?? '' },
    body: JSON.stringify({ model: asked.model, messages: asked.input.map(toMessage), tools: asked.tools ?? [] }),
  });
  if (!reply.ok) {
    const wait = reply.headers.get('retry-after');
    return void response.writeHead(reply.status, wait ? { 'retry-after': wait } : {}).end(await reply.text());
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of eventsOf((await reply.json()) as Message, asked.model))
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

const assistants = ['function_call', 'reasoning'];

function toMessage({ type = '', role, content, output }: Item) {
  const isOwn = role === 'assistant' || assistants.includes(type);
  const words = content ?? output ?? '';
  return { role: isOwn ? 'assistant' : role === 'developer' ? 'system' : 'user', content: words };
}

function eventsOf({ id, content, usage }: Message, model: string): { type: string }[] {
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
