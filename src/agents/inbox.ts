/** Takes what people write to a session out of its inbox: whenever something comes, and when a driver asks. */
import type { Inbox, InboxMessage } from '#src/agents/agent.ts';

export type InboxReader = {
  /** Looks once more; resolves when what there is has been handed over. */
  look(): Promise<void>;
  stop(): void;
};

/** `onMessage` is called for each message, in order. A look that fails in the background is made again by the next one. */
export function readInbox(inbox: Inbox | undefined, onMessage: (message: InboxMessage) => void): InboxReader {
  let looking: Promise<void> = Promise.resolve();
  const take = async () => {
    for (const message of (await inbox?.take()) ?? []) onMessage(message);
  };
  const look = () => {
    looking = looking.catch(() => {}).then(take);
    return looking;
  };
  const stop = inbox?.watch(() => void look().catch(() => {}));
  return { look, stop: () => stop?.() };
}
