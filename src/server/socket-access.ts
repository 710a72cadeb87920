/** A socket stays open for hours: it is closed when the token that opened it was revoked or has expired. */
import type { WebSocket, WebSocketServer } from 'ws';
import { type Auth, secretIn } from '#src/server/guard.ts';
import { isSameSecret } from '#src/server/login.ts';

const lookMs = 2_000;
const refused = 1008;

/** Answers how to stop looking. While the database is away sockets stay as they are. */
export function watchAccess(sockets: WebSocketServer, { token, accessOf }: Auth): () => void {
  const secrets = new Map<WebSocket, string>();
  sockets.on('connection', (socket, request) => {
    const secret = secretIn(request.headers.authorization, request.headers['sec-websocket-protocol']);
    if (secret === undefined || isSameSecret(secret, token)) return; // the server's own lasts as long as the server
    secrets.set(socket, secret);
    socket.on('close', () => secrets.delete(socket));
  });
  const look = async () => {
    for (const secret of new Set(secrets.values())) {
      if (await accessOf?.(secret)) continue;
      for (const [socket, own] of secrets)
        if (own === secret) socket.close(refused, 'The token was revoked or has expired: connect with another.');
    }
  };
  const timer = setInterval(() => void look().catch(() => {}), lookMs);
  return () => clearInterval(timer);
}
