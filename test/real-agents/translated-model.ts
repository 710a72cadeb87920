/** The scripted model for agents that speak another protocol than Anthropic's: each request is asked of it as a message, its answer told back. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ModelScript, startScriptedModel } from '#src/agents/scripted-model.ts';

export type Block = { type: string; text?: string; id?: string; name?: string; input?: unknown };
export type Message = { id: string; content: Block[]; usage: { input_tokens: number; output_tokens: number } };
export type Asked = {
  model: string;
  messages: { role: string; content: unknown }[];
  tools: unknown[];
  conversation: string;
};

export type Protocol<Body> = {
  /** Undefined for what is no question to the model. */
  read(path: string, body: Body): Asked | undefined;
  /** The events of a stream, or the one whole answer. */
  write(message: Message, asked: Asked): object[];
  isStream(path: string, body: Body): boolean;
  /** Ends a stream. */
  last?: string;
};

export async function startTranslatedModel<Body>(script: ModelScript, protocol: Protocol<Body>) {
  const model = await startScriptedModel({ script });
  let sent: string[] = [];
  const server = createServer((incoming, response) => {
    answer(incoming, response, { protocol, modelUrl: model.url, sent: (text) => sent.push(text) }).catch((e) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(e));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setScript: (next: ModelScript) => {
      sent = [];
      model.setScript(next);
    },
    /** `last` is all that the model was sent. */
    requests: () => model.requests().map((request, at) => ({ ...request, last: sent[at] ?? '' })),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await model.close();
    },
  };
}

type Place<Body> = { protocol: Protocol<Body>; modelUrl: string; sent: (text: string) => void };

async function answer<Body>(
  incoming: IncomingMessage,
  response: ServerResponse,
  { protocol, modelUrl, sent }: Place<Body>,
): Promise<void> {
  let text = '';
  for await (const chunk of incoming) text += chunk;
  const path = incoming.url ?? '';
  const body = JSON.parse(text || '{}') as Body;
  const asked = protocol.read(path, body);
  if (!asked) return void response.writeHead(404).end('{}');
  const { model, messages, tools, conversation } = asked;
  sent(JSON.stringify(messages));
  const reply = await fetch(`${modelUrl}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-claude-code-session-id': conversation },
    body: JSON.stringify({ model, messages, tools }),
  });
  if (!reply.ok) {
    const wait = reply.headers.get('retry-after');
    const headers = { 'content-type': 'application/json', ...(wait ? { 'retry-after': wait } : {}) };
    return void response.writeHead(reply.status, headers).end(await reply.text());
  }
  const events = protocol.write((await reply.json()) as Message, asked);
  if (!protocol.isStream(path, body)) {
    response.writeHead(200, { 'content-type': 'application/json' });
    return void response.end(JSON.stringify(Object.assign({}, ...events.toReversed())));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(eventText(event));
  response.end(protocol.last ?? '');
}

const eventText = (event: { type?: string }): string =>
  `${event.type ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
