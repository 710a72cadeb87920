/** Writing to a WebSocket no faster than the other side reads: what waits for it is at most 1 MiB and one message. */
import type { WebSocket } from 'ws';

export type SocketWriter = (text: string) => Promise<void> | undefined;

const maxBufferedBytes = 1024 * 1024;

/** The function answers nothing, or a promise to wait for before more is written. */
export const createSocketWriter =
  (socket: WebSocket): SocketWriter =>
  (text) => {
    if (socket.bufferedAmount <= maxBufferedBytes) {
      socket.send(text);
      return undefined;
    }
    return new Promise((done) => socket.send(text, () => done()));
  };

const texts = new WeakMap<object, string>();

/** The JSON of something that never changes, made once for all sockets that it goes to. */
export function jsonOf(item: object): string {
  const known = texts.get(item);
  if (known !== undefined) return known;
  const text = JSON.stringify(item);
  texts.set(item, text);
  return text;
}
