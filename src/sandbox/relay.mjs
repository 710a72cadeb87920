/**
 * Runs inside a room: relays ports of its own loopback to unix sockets that were mounted into it, each argument being
 * PORT=SOCKET. Plain JavaScript without imports of ours, for it is the only file of ours that a room can read.
 */
import { connect, createServer } from 'node:net';

const listening = process.argv.slice(2).map((pair) => {
  const [port, socket] = pair.split('=');
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    const outer = connect({ path: socket, allowHalfOpen: true });
    inner.pipe(outer).pipe(inner);
    inner.on('error', () => outer.destroy());
    outer.on('error', () => inner.destroy());
  });
  return new Promise((done) => server.listen(Number(port), '127.0.0.1', done));
});
await Promise.all(listening);
process.stdout.write('ready\n');
