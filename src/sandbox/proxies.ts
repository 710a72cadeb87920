/** A proxy for each room, on a socket of its own: who asks is known by where it asks, and nothing that it says changes that. */
import { join } from 'node:path';
import { createGate, type Egress } from '#src/sandbox/egress.ts';
import { type EgressProxy, startProxy } from '#src/sandbox/proxy.ts';

const nothing: Egress = { allowed: [], trusted: [], setting: 'network.allow' };

/** `folder`: where their sockets are. */
export function openProxies(folder: () => Promise<string>) {
  const live = new Set<EgressProxy>();
  let count = 0;
  return {
    async open(egress: Egress = nothing): Promise<EgressProxy> {
      const socketPath = join(await folder(), `proxy-${++count}.sock`);
      const proxy = await startProxy({ socketPath, gate: createGate(egress) });
      const own: EgressProxy = {
        socketPath,
        close: async () => {
          if (live.delete(own)) await proxy.close();
        },
      };
      live.add(own);
      return own;
    },
    async close(): Promise<void> {
      await Promise.all([...live].map((proxy) => proxy.close()));
    },
  };
}
