/**
 * Runs inside a room: relays ports of its own loopback to unix sockets that were mounted into it, each argument being
 * PORT=SOCKET, and the other way round where it is SOCKET=PORT. Plain JavaScript without imports of ours, for it is the
 * only file of ours that a room can read.
 */
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const listening = process.argv.slice(2).map((pair) => {
  const [from, to] = pair.split('=');
  const isDoor = from.startsWith('/');
  if (isDoor) rmSync(from, { force: true }); // of the room before this one
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => near.destroy());
    if (isDoor)
      reach(near, [
        { host: '127.0.0.1', port: Number(to) },
        { host: '::1', port: Number(to) },
      ]);
    else reach(near, [{ path: to }]);
  });
  return new Promise((done) => {
    if (isDoor) server.listen(from, done);
    else server.listen(Number(from), '127.0.0.1', done);
  });
});
await Promise.all(listening);
process.stdout.write('ready\n');

/** Joins a connection with the first of these addresses that answers. */
function reach(near, [address, ...others]) {
  const far = connect({ ...address, allowHalfOpen: true });
  let joined = false;
  far.once('connect', () => {
    joined = true;
    near.pipe(far).pipe(near);
  });
  near.once('close', () => far.destroy());
  far.on('error', () => {
    if (!joined && others.length) reach(near, others);
    else near.destroy();
  });
}
