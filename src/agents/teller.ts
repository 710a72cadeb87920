/** Tells the events of a session one after the other, in the order in which they came. Who brings them need not wait for each. */
import type { AgentEvent } from '#src/agents/agent.ts';

/** So many may be on their way before who brings more has to wait. */
const mostOpen = 100;

export type Teller = {
  tell(...events: readonly AgentEvent[]): void;
  /** Resolves when few enough are on their way. Never throws. */
  whenKept(): Promise<void>;
  /** Resolves when all are told; throws what the listener threw for any of them. */
  settled(): Promise<void>;
};

/** `onFailure` is called once, when the listener has thrown: no more is told after it. */
export function createTeller(onEvent: (event: AgentEvent) => Promise<void>, onFailure: () => void = () => {}): Teller {
  let told: Promise<void> = Promise.resolve();
  let open = 0;
  let failed = false;
  return {
    tell(...events) {
      for (const event of events) {
        open += 1;
        told = told
          .then(() => onEvent(event))
          .finally(() => {
            open -= 1;
          });
        told.catch(() => {
          if (!failed) onFailure();
          failed = true; // thrown by `settled`
        });
      }
    },
    whenKept: async () => {
      if (open > mostOpen) await told.catch(() => {});
    },
    settled: () => told,
  };
}
