/** A WebSocket that comes back: waits 0.5 s after the first failure, twice as long after each further one, 15 s at most. */
import { socketUrl } from './paths.ts';

export type SocketState = 'connecting' | 'live' | 'lost';

export type SocketOptions = {
  /** Asked anew for each connection, so that it can name the last thing seen. A throw counts as a failure. */
  path: () => string | Promise<string>;
  /** Sent as soon as it is open. */
  request?: () => string;
  onMessage: (text: string) => void;
  onState: (state: SocketState) => void;
};

const firstWaitMs = 500;
const longestWaitMs = 15_000;

/** Opens the socket; the answer closes it for good. */
export function openSocket({ path, request, onMessage, onState }: SocketOptions): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let openedAt: number | undefined;
  let ended = false;

  const fail = () => {
    if (ended) return;
    // A server that accepts and then fails at once is as much in trouble as one that does not answer.
    if (openedAt !== undefined && Date.now() - openedAt > longestWaitMs) failures = 0;
    openedAt = undefined;
    onState('lost');
    timer = setTimeout(connect, Math.min(longestWaitMs, firstWaitMs * 2 ** failures));
    failures += 1;
  };
  const open = (address: string) => {
    if (ended) return;
    socket = new WebSocket(socketUrl(address));
    socket.onopen = () => {
      openedAt = Date.now();
      if (request) socket?.send(request());
      onState('live');
    };
    socket.onmessage = (event) => onMessage(String(event.data));
    socket.onclose = fail;
  };
  const connect = () => {
    clearTimeout(timer);
    timer = undefined;
    const address = path();
    if (typeof address === 'string') open(address);
    else address.then(open, fail);
  };
  const connectNow = () => {
    if (timer !== undefined) connect();
  };

  connect();
  window.addEventListener('online', connectNow);
  return () => {
    ended = true;
    clearTimeout(timer);
    window.removeEventListener('online', connectNow);
    socket?.close();
  };
}
