/** The wire of an ACP agent: its standard streams as messages, read no faster than what they bring is kept. */
import { Readable, Writable } from 'node:stream';
import { type AnyMessage, ndJsonStream, type Stream } from '@agentclientprotocol/sdk';
import { SentraError } from '#src/errors.ts';
import type { start } from '#src/process.ts';

/** A file that an agent has read whole may be one message. */
const maxMessageBytes = 16 * 1024 * 1024;

type Listening = {
  /** A message has come, whatever it is: what is no message is no sign of life. */
  onMessage: () => void;
  /** The agent waits while this is open. */
  whenKept: () => Promise<void>;
};

/** Throws `not_found` when the child has no streams, because it could not be started. */
export function openStream(child: ReturnType<typeof start>, { onMessage, whenKept }: Listening): Stream {
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new SentraError('not_found', 'The agent has no streams: it could not be started.');
  const gate = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      await whenKept();
      controller.enqueue(chunk);
    },
  });
  const bytes = Readable.toWeb(stdout) as ReadableStream<Uint8Array>;
  const { readable, writable } = ndJsonStream(Writable.toWeb(stdin), bytes.pipeThrough(gate), { maxMessageBytes });
  const watched = new TransformStream<AnyMessage, AnyMessage>({
    transform(message, controller) {
      onMessage();
      controller.enqueue(message);
    },
  });
  return { writable, readable: readable.pipeThrough(watched) };
}
