/** The model gateways of one credential: one for each session, which counts what its answers take, and one limit for all. */
import type { AgentEvent } from '#src/agents/agent.ts';
import { createLimit, type Gateway, type ModelAccess, startGateway } from '#src/agents/gateway.ts';
import { createUsageMeter } from '#src/agents/gateway-usage.ts';
import { type Provider, providers } from '#src/agents/provider.ts';
import type { ModelTotal } from '#src/domain/spending.ts';

export type SessionGateway = Gateway & {
  /** Aborted a moment after a limit has refused this session: time for an agent to end by itself, for some would wait until the limit ends. */
  refused: AbortSignal;
  totals(): ModelTotal[];
  /** Tells one more total, after those that were counted. Throws what the listener threw for any of them. */
  tell(more?: Extract<AgentEvent, { kind: 'usage' }>): Promise<void>;
};

const graceMs = 10_000;

export type Gateways = {
  /** While this holds nobody needs to ask. ISO 8601. */
  limitedUntil(): string | undefined;
  open(listen: 'socket' | 'loopback', onEvent: (event: AgentEvent) => Promise<void>): Promise<SessionGateway>;
  /** Closes those that are still open. */
  close(): Promise<void>;
};

export function createGateways(access: () => Promise<ModelAccess>, provider: Provider): Gateways {
  const { serves } = providers[provider];
  const limit = createLimit();
  const opened = new Set<Gateway>();
  return {
    limitedUntil: limit.until,
    async open(listen, onEvent) {
      let told: Promise<void> = Promise.resolve();
      const tell = (event: AgentEvent) => {
        told = told.then(() => onEvent(event));
        told.catch(() => {}); // thrown by `tell`, when it is awaited
      };
      const meter = createUsageMeter((totals) => tell({ kind: 'usage', totals, isWhole: false }));
      const refusal = new AbortController();
      let grace: NodeJS.Timeout | undefined;
      const onRefused = () => {
        grace ??= setTimeout(() => refusal.abort(), graceMs).unref();
      };
      const gateway = await startGateway(access, listen, { limit, serves, meter, onRefused });
      opened.add(gateway);
      return {
        ...gateway,
        refused: refusal.signal,
        totals: meter.totals,
        async tell(more) {
          if (more) tell(more);
          await told;
        },
        async close() {
          clearTimeout(grace);
          opened.delete(gateway);
          await gateway.close();
        },
      };
    },
    close: async () => {
      for (const gateway of opened) await gateway.close();
      opened.clear();
    },
  };
}
