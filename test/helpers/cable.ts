/** A line between a worker and its database. */
import net from 'node:net';

export type Cable = { url: string; cut(): void; mend(): void; stall(): void; close(): Promise<void> };

/**
 * A way to the database that can be cut: the database takes the one at its other end for gone, and that one hears nothing. `stall`:
 * connections that are there pass nothing any more and neither end is told; new ones work.
 */
export async function layCable(url: string): Promise<Cable> {
  const { hostname, port } = new URL(url);
  const pairs = new Set<[net.Socket, net.Socket]>();
  const all = new Set<net.Socket>();
  const stalled = new WeakSet<net.Socket>();
  let isCut = false;
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    all.add(near);
    if (isCut) return; // nobody answers
    const far = net.connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    pairs.add([near, far]);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => void (isCut || stalled.has(from) || to.write(chunk)));
      from.on('end', () => void (isCut || stalled.has(from) || to.end()));
      from.on('error', () => to.destroy());
      from.on('close', () => void (isCut || stalled.has(from) || to.destroy()));
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const target = new URL(url);
  target.port = String((server.address() as net.AddressInfo).port);
  const destroy = () => {
    for (const near of all) near.destroy();
    for (const [, far] of pairs) far.destroy();
    all.clear();
    pairs.clear();
  };
  return {
    url: target.href,
    cut: () => {
      isCut = true;
      for (const [, far] of pairs) far.destroy();
    },
    mend: () => {
      isCut = false;
      destroy();
    },
    stall: () => {
      for (const socket of [...pairs].flat()) stalled.add(socket);
    },
    close: async () => {
      destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
